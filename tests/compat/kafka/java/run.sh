#!/bin/sh
# run.sh VERSION BOOTSTRAP: the Java clients of that version (3.9.2, 4.3.1, ...) against a broker. Needs mvn and a JDK 17.
# Prints one line a check and ends with 0 when all hold. STREAMOPS_JAVA_CACHE keeps the jars between runs.
set -eu
version=$1
bootstrap=$2
here=$(cd "$(dirname "$0")" && pwd)
cache=${STREAMOPS_JAVA_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/streamops/java}/$version
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
if [ ! -f "$cache/complete" ]; then
  mvn -q -f "$here/pom.xml" -Dkafka.version="$version" dependency:copy-dependencies -DoutputDirectory="$cache"
  touch "$cache/complete"
fi
javac -nowarn -Xlint:-deprecation,-removal -cp "$cache/*" -d "$work" "$here/Clients.java" "$here/Transactions.java"
java -Xmx256m -cp "$work:$cache/*" Clients "$bootstrap"
