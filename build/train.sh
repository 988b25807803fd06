#!/bin/sh
# Records which classes the command line loads, so that the next start finds them linked (JEP 514). Only speed depends on it.
here=$(cd "$(dirname "$0")/.." && pwd)
scratch=$(mktemp -d)
RESEAL_TRAIN="$here/cli/target/quick/reseal.aot" "$here/reseal" platform init --home "$scratch" >/dev/null 2>&1 ||
  echo "build: no start-up cache was made; reseal starts slower without it" >&2
rm -rf "$scratch" "$here/cli/target/quick/reseal.aot.config"
