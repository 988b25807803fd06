#!/bin/sh
# Prints the home of a JDK 25, or says how to get one and fails. Looks at JAVA_HOME first, then at the usual places.
# Its file "release" says what it is at once; asking javac would take longer than most commands of reseal.
is25() {
  [ -x "$1/bin/javac" ] || return 1
  if [ -r "$1/release" ]; then grep -q '^JAVA_VERSION="25[".]' "$1/release"; else "$1/bin/javac" -version 2>&1 | grep -q '^javac 25'; fi
}
if [ -n "${JAVA_HOME:-}" ] && is25 "$JAVA_HOME"; then echo "$JAVA_HOME"; exit 0; fi
for home in /usr/lib/jvm/* /opt/java/* /opt/jdk* "$HOME"/.sdkman/candidates/java/* "$HOME"/.jdks/* /Library/Java/JavaVirtualMachines/*/Contents/Home; do
  if is25 "$home"; then echo "$home"; exit 0; fi
done
path=$(command -v javac 2>/dev/null) && home=$(dirname "$(dirname "$(readlink -f "$path")")") && is25 "$home" && { echo "$home"; exit 0; }
cat >&2 <<'HELP'
reseal needs a JDK 25 and found none (JAVA_HOME, /usr/lib/jvm, /opt, ~/.sdkman, ~/.jdks and PATH were searched).
Get one from your distribution (package temurin-25-jdk or openjdk-25-jdk) or with SDKMAN (sdk install java 25-tem), then run this again,
or point JAVA_HOME at it.
HELP
exit 1
