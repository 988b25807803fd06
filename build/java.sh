#!/bin/sh
# java.sh ROLE BEHIND MAIN [ARGUMENT...]: a JVM of ours, run or sourced by the launcher, which sets $here and $JAVA_HOME.
# ROLE: authority, platform, run, verbs, or computing, which is a verb that computes for long. BEHIND: what the class path has behind
# the launcher's jars, or nothing: the start-up cache fits all the same.
# Without attach, agents, core dumps or crash reports: a report of a crash shows registers, stacks and the arrays they point to.
# What fails and where is printed all the same, in English whatever the host's locale is: a first number in words of another locale has its
# tables loaded.
: "${here:=$(cd "$(dirname "$0")/.." && pwd)}" "${JAVA_HOME:=$("$here/build/jdk.sh")}"
start="$here/cli/target/quick/start"
lib=$start/lib
[ -d "$lib" ] || lib=$here/cli/target/quick/lib
behind=$2
memory=-Xmx512m
# The optimising compiler takes a core from a start for a second: it pays only where much is computed.
compiler=-XX:TieredStopAtLevel=1
cache=$start/$1.aot
case $1 in
  run) memory=-Xmx128m ;;
  computing) compiler=-XX:TieredStopAtLevel=4 cache=$start/verbs.aot ;;
esac
shift 2
if [ -n "${RESEAL_TRAIN:-}" ]; then
  # What would be recorded beside the classes is for the optimising compiler.
  set -- "-XX:AOTCacheOutput=$RESEAL_TRAIN" -XX:+UnlockDiagnosticVMOptions -XX:-AOTRecordTraining "$@"
  unset RESEAL_TRAIN
elif [ -e "$cache" ]; then
  set -- "-XX:AOTCache=$cache" "$@"
else
  set -- -Xshare:auto "$@"
fi
if [ -d "$start/native" ]; then
  set -- "-Djava.library.path=$start/native" -Dcom.amazon.corretto.crypto.provider.useExternalLib=true "-Dorg.sqlite.lib.path=$start/native" "$@"
fi
ulimit -c 0
# Agents and dumps would also come in through these.
unset JAVA_TOOL_OPTIONS JDK_JAVA_OPTIONS _JAVA_OPTIONS
exec "$JAVA_HOME/bin/java" \
  -XX:+DisableAttachMechanism -XX:-EnableDynamicAgentLoading -XX:-HeapDumpOnOutOfMemoryError \
  -XX:-CreateCoredumpOnCrash -XX:ErrorFile=/dev/null -XX:ReplayDataFile=/dev/null \
  -XX:+UseSerialGC "$memory" "$compiler" -Xlog:disable -Xlog:all=error:stderr \
  -Duser.language=en -Duser.country=US --enable-native-access=ALL-UNNAMED -Dreseal.root="$here" \
  -cp "$lib/*${behind:+:$behind}" "$@"
