#!/bin/sh
# Records which classes a whole life of a lineage loads, so that every start finds them linked (JEP 514). Only speed depends on it.
here=$(cd "$(dirname "$0")/.." && pwd)
scratch=$(mktemp -d)
(cd "$scratch" && "$JAVA_HOME/bin/jar" xf "$here/quote/src/test/resources/dev/reseal/quote/cases.zip" good)
RESEAL_TRAIN="$here/cli/target/quick/reseal.aot" "$here/reseal" "$scratch/home" "$here/.venv/bin/python" "$here/python/examples/customers/app.py" "$scratch/good" \
  >"$scratch/log" 2>&1 || { echo "build: no start-up cache was made; reseal starts slower without it" >&2; tail -n 5 "$scratch/log" >&2; }
rm -rf "$scratch" "$here/cli/target/quick/reseal.aot.config"
