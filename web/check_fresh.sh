#!/bin/sh
# Rebuilds the pages and compares them with web/dist, which is checked in. Needs Node and npm; users of StreamOps do not.
set -eu
cd "$(dirname "$0")"
[ -d node_modules ] || npm ci --no-audit --no-fund --ignore-scripts
npx tsc --noEmit
fresh=$(mktemp -d)
trap 'rm -rf "$fresh"' EXIT
npx esbuild src/main.ts --bundle --minify --target=es2020 --charset=utf8 --outfile="$fresh/app.js" --log-level=warning
npx esbuild src/style.css --minify --outfile="$fresh/app.css" --log-level=warning
cp src/index.html src/favicon.svg "$fresh/"
if ! diff -rq "$fresh" dist; then
  echo "web/dist is not what web/src makes: run \`npm run build\` in web/ and commit the result" >&2
  exit 1
fi
size=$(cat dist/* | wc -c)
if [ "$size" -gt 204800 ]; then
  echo "web/dist has $size bytes, at most 204800" >&2
  exit 1
fi
echo "web/dist is fresh, $size bytes"
