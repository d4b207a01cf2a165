#!/usr/bin/env bash
# tools/fuzz.sh SECONDS — runs every fuzz target of build/fuzz for an equal share of SECONDS, two at a time. Seeds lie in
# fuzz/corpus/NAME, or in the folder that the target names on its second line ("// seeds: FOLDER"). Fails on the first
# crash, whose input stays in build/fuzz/crashes.
set -euo pipefail
cd "$(dirname "$0")/.."
targets=(build/fuzz/fuzz_*)
share=$(( $1 * 2 / ${#targets[@]} ))
mkdir -p build/fuzz/crashes
run_one() {
  local name=${1##*/fuzz_} seeds
  seeds=$(sed -n 's|^// seeds: ||p' "fuzz/$name.cc")
  mkdir -p "build/fuzz/found/$name"
  if ! "$1" -max_total_time="$2" -timeout=10 -rss_limit_mb=2048 -artifact_prefix="build/fuzz/crashes/$name-" \
      "build/fuzz/found/$name" "${seeds:-fuzz/corpus/$name}" >"build/fuzz/$name.log" 2>&1; then
    tail -40 "build/fuzz/$name.log"
    echo "fuzz: $name found something; input in build/fuzz/crashes"
    return 1
  fi
  echo "fuzz: $name $(grep -c '' "build/fuzz/$name.log") lines, $(grep -oE 'Done [0-9]+ runs' "build/fuzz/$name.log")"
}
export -f run_one
printf '%s\n' "${targets[@]}" | xargs -P 2 -I{} bash -c "run_one {} $share"
echo "${#targets[@]} passed, 0 failed"
