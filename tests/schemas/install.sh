#!/bin/sh
# Fetches the published schemas that outputs are held against, at the versions of the lock file; the
# tests that need them are left out, with the reason, where that cannot be.
set -eu
cd "$(dirname "$0")"
if [ node_modules/.package-lock.json -nt package-lock.json ]; then exit 0; fi
if ! command -v npm >/dev/null; then
    echo "not installed: npm; the tests against published schemas of SARIF and ECS are left out"
    exit 0
fi
npm ci --ignore-scripts --no-audit --no-fund --silent ||
    echo "npm could not fetch the published schemas; the tests that need them are left out"
