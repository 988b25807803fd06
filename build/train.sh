#!/bin/sh
# Makes starts fast, and only that: cli/target/quick/start has what the launcher runs, the jars of ../lib made fit for it, native libraries
# that need no unpacking, and for each role a record of the classes that it loads in the life of a lineage, so that every start finds them
# linked (JEP 514).
# A directory of its own: later builds write to ../lib again, and a record is void when a jar has changed. The launcher prefers it, so it is
# there whole or not at all.
set -eu
here=$(cd "$(dirname "$0")/.." && pwd)
start=$here/cli/target/quick/start
next=$start.next
scratch=$(mktemp -d)
# A platform's sealed images are read-only, for their owner too unless that is root.
trap 'chmod -R u+w "$scratch"; rm -rf "$scratch" "$next"' EXIT
rm -rf "$start" "$next"
mkdir "$next"
cp -Rp "$here/cli/target/quick/lib" "$next/lib"

"$JAVA_HOME/bin/java" "$here/build/QuickJars.java" "$next"/lib/*.jar

# Each start would copy them to a temporary file, which a killed process leaves.
if [ "$(uname -sm)" = "Linux x86_64" ]; then
  mkdir "$next/native"
  (cd "$scratch" && for jar in "$next"/lib/AmazonCorretto*.jar "$next"/lib/sqlite-jdbc*.jar; do
    "$JAVA_HOME/bin/jar" xf "$jar" com/amazon/corretto/crypto/provider/libamazonCorrettoCryptoProvider.so org/sqlite/native/Linux/x86_64/libsqlitejdbc.so
  done)
  find "$scratch" -name '*.so' -exec mv {} "$next/native/" \;
fi
mv "$next" "$start"

(cd "$scratch" && "$JAVA_HOME/bin/jar" xf "$here/quote/src/test/resources/dev/reseal/quote/cases.zip" good)
RESEAL_TRAIN="$start/verbs.aot" "$here/reseal" "$scratch/home" "$here/.venv/bin/python" "$here/python/examples/customers/app.py" "$scratch/good" "$start" \
  >"$scratch/log" 2>&1 || {
  rm -f "$start"/*.aot
  echo "build: no start-up cache was made; reseal starts slower without it" >&2
  tail -n 5 "$scratch/log" >&2
}
"$here/build/sound.sh"
rm -f "$start"/*.aot.config
