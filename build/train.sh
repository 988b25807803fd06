#!/bin/sh
# Makes starts fast, and only that: unsigned jars, native libraries that need no unpacking, and a record of the classes that a whole
# life of a lineage loads, so that every start finds them linked (JEP 514).
here=$(cd "$(dirname "$0")/.." && pwd)
scratch=$(mktemp -d)
# Classes of a signed jar are checked one by one at every start and can be in no cache; whose jars they are was checked when they came.
for jar in "$here"/cli/target/quick/lib/*.jar; do
  "$JAVA_HOME/bin/jar" tf "$jar" | grep -q '^META-INF/[^/]*\.SF$' || continue
  mkdir "$scratch/jar"
  (cd "$scratch/jar" && "$JAVA_HOME/bin/jar" xf "$jar" && rm -f META-INF/*.SF META-INF/*.DSA META-INF/*.RSA META-INF/*.EC && "$JAVA_HOME/bin/jar" cf0M "$jar" .)
  rm -r "$scratch/jar"
done
# Each start would copy them to a temporary file, which a killed process leaves.
rm -rf "$here/cli/target/quick/native"
if [ "$(uname -sm)" = "Linux x86_64" ]; then
  mkdir "$here/cli/target/quick/native"
  for library in com/amazon/corretto/crypto/provider/libamazonCorrettoCryptoProvider.so org/sqlite/native/Linux/x86_64/libsqlitejdbc.so; do
    for jar in "$here"/cli/target/quick/lib/AmazonCorretto*.jar "$here"/cli/target/quick/lib/sqlite-jdbc*.jar; do
      (cd "$scratch" && "$JAVA_HOME/bin/jar" xf "$jar" "$library")
    done
    mv "$scratch/$library" "$here/cli/target/quick/native/"
  done
fi
(cd "$scratch" && "$JAVA_HOME/bin/jar" xf "$here/quote/src/test/resources/dev/reseal/quote/cases.zip" good)
RESEAL_TRAIN="$here/cli/target/quick/reseal.aot" "$here/reseal" "$scratch/home" "$here/.venv/bin/python" "$here/python/examples/customers/app.py" "$scratch/good" \
  >"$scratch/log" 2>&1 || { echo "build: no start-up cache was made; reseal starts slower without it" >&2; tail -n 5 "$scratch/log" >&2; }
rm -rf "$scratch" "$here/cli/target/quick/reseal.aot.config"
