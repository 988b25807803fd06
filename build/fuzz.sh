#!/usr/bin/env bash
# build/fuzz.sh [PARSER ...]: looks for inputs that a parser does not answer as it must, under a heap of 64 MiB, for SECONDS (600) of
# processor time each. A PARSER is MODULE.METHOD, as `build/fuzz.sh --list` prints them: every @FuzzTest method of a ParsersFuzzTest.
# Starts from the committed inputs, goes on where the last run ended (target/fuzz/corpus), adds a line for each parser to target/fuzz/results.txt.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${SECONDS_EACH:-600}
heap=64

parsers() {
  for file in */src/test/java/dev/reseal/*/ParsersFuzzTest.java; do
    awk -v module="${file%%/*}" '/@FuzzTest/ { next_is = 1; next } next_is && match($0, /void [a-zA-Z0-9]+\(/) {
      print module "." substr($0, RSTART + 5, RLENGTH - 6); next_is = 0 }' "$file"
  done
}

mapfile -t known < <(parsers)
if [ "${1:-}" = --list ]; then printf '%s\n' "${known[@]}"; exit 0; fi
chosen=("$@")
[ $# -gt 0 ] || chosen=("${known[@]}")
for parser in "${chosen[@]}"; do
  case " ${known[*]} " in *" $parser "*) ;; *) echo "fuzz: no parser $parser; one of: ${known[*]}" >&2; exit 2 ;; esac
done

out=$PWD/target/fuzz
modules=$(printf '%s\n' "${chosen[@]}" | sed 's/\..*//' | sort -u | paste -sd,)
mkdir -p "$out/classes" "$out/findings"
mvn -q -B -Pquick -pl "$modules" -am test-compile dependency:build-classpath -Dspotless.check.skip \
  -Dmdep.outputFile=target/fuzz.classpath -Dmdep.includeScope=test
"$JAVA_HOME/bin/javac" -d "$out/classes" build/FuzzTarget.java
# The 100 ms of an input are processor time and counted by the tests; the fuzzer's own clock only tells of a loaded machine.
# The fuzzer reads every class it can find when it starts; in 64 MiB it can only do so in a small runtime.
[ -x "$out/jre/bin/java" ] || "$JAVA_HOME/bin/jlink" --output "$out/jre" \
  --add-modules java.base,java.instrument,java.logging,java.management,jdk.attach,jdk.management,jdk.unsupported

classpath() {
  echo "$out/classes:$PWD/$1/target/quick/test-classes:$PWD/$1/target/quick/classes:$(tr ':' '\n' < "$1/target/fuzz.classpath" |
    grep -vE 'bouncycastle|byte-buddy|Corretto|jazzer-junit|junit-platform-(launcher|engine)|jupiter-(engine|params)' | paste -sd:)"
}

failed=0
for parser in "${chosen[@]}"; do
  module=${parser%%.*} method=${parser#*.} log=$out/$parser.log
  class=dev.reseal.$module.ParsersFuzzTest
  mkdir -p "$out/corpus/$parser"
  cp -n "$module/src/test/resources/${class//.//}Inputs/$method"/* "$out/corpus/$parser/" 2>/dev/null || true
  : > "$log"
  spent=0 runs=0 finding=none
  while [ "$spent" -lt "$seconds" ]; do
    TIMEFORMAT='%U %S'
    status=0
    { time "$out/jre/bin/java" -Xmx${heap}m -XX:+UseSerialGC -XX:+EnableDynamicAgentLoading --enable-native-access=ALL-UNNAMED \
      --add-opens=java.base/java.lang=ALL-UNNAMED -cp "$(classpath "$module")" com.code_intelligence.jazzer.Jazzer \
      --target_class=FuzzTarget --target_args="$class $method" --instrumentation_includes='dev.reseal.**' --custom_hook_includes='dev.reseal.**' \
      --reproducer_path="$out/findings" -artifact_prefix="$out/findings/$parser-" -timeout=1200 -report_slow_units=1200 -max_len=65536 \
      -max_total_time=$((seconds - spent)) -print_final_stats=1 "$out/corpus/$parser" >> "$log" 2>&1 || status=$?; } 2> "$out/$parser.time"
    used=$(awk '{ printf "%d", $1 + $2 }' "$out/$parser.time")
    runs=$((runs + $(awk '/number_of_executed_units/ { n = $2 } END { print n + 0 }' "$log")))
    spent=$((spent + (used > 0 ? used : 1)))
    if [ $status -ne 0 ]; then finding="status $status, see $log"; failed=1; break; fi
  done
  coverage=$(awk '/ cov: / { for (i = 1; i <= NF; i++) { if ($i == "cov:") c = $(i + 1); if ($i == "ft:") f = $(i + 1) } } END { print c + 0, "edges,", f + 0, "features" }' "$log")
  echo "$(date -u +%F) $parser: $runs executions in $spent s of processor time, heap $heap MiB, $coverage, $(ls "$out/corpus/$parser" | wc -l) inputs kept, finding: $finding" |
    tee -a "$out/results.txt"
done
exit $failed
