#!/usr/bin/env bash
# The Java driver 4.18 against a running CQL server: run.sh HOST PORT. Needs Java 11 or later and Maven; the jars are kept in ~/.cache/streamops.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
jars="${XDG_CACHE_HOME:-$HOME/.cache}/streamops/java-driver-4.18.1"
if [ ! -e "$jars/complete" ]; then
  mvn -B -q -f "$here/pom.xml" org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies -DincludeScope=runtime -DoutputDirectory="$jars"
  touch "$jars/complete"
fi
exec java -cp "$jars/*" "$here/Check.java" "$1" "$2"
