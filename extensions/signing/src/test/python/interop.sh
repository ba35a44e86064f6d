#!/usr/bin/env bash
# usage: interop.sh DIRECTORY [MAVEN-OPTION...]   Installs the pinned model-signing into DIRECTORY (kept, and used again) and runs
# the tests against it.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
directory=$(mkdir -p "$1" && cd "$1" && pwd)
shift
venv=$directory/model-signing
if ! cmp -s "$here/requirements.txt" "$venv/installed.txt"; then
  python3 -m venv --clear "$venv"
  "$venv/bin/python" -m pip install --quiet -r "$here/requirements.txt"
  cp "$here/requirements.txt" "$venv/installed.txt"
fi
cd "$here/../../../../.."
mvn -B -ntp -pl extensions/signing -am -Ponly-signing,interop -Dinflight.model.signing="$venv" "$@" verify
