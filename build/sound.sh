#!/bin/sh
# Tries each start-up cache once and removes one with which a JVM does not come up: a record that it cannot read ends it before it says a
# word (seen on a machine too busy for the training to end).
here=$(cd "$(dirname "$0")/.." && pwd)
for role in authority platform run verbs; do
  said=$("$here/build/java.sh" "$role" "" dev.reseal.cli.Reseal --version 2>&1) || {
    rm -f "$here/cli/target/quick/start/$role.aot"
    echo "build: the start-up cache of $role is of no use; it starts slower without it" >&2
    echo "$said" | tail -n 5 >&2
  }
done
