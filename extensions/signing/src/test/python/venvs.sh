#!/usr/bin/env bash
# usage: venvs.sh DIRECTORY   Installs the pinned model-signing into DIRECTORY/model-signing; what is there is used again until its
# pins change. Prints the Maven option that names it.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
venv=$1/model-signing
if ! cmp -s "$here/requirements.txt" "$venv/installed.txt"; then
  python3 -m venv --clear "$venv"
  "$venv/bin/python" -m pip install --quiet -r "$here/requirements.txt"
  cp "$here/requirements.txt" "$venv/installed.txt"
fi
printf '%s\n' "-Dinflight.model.signing=$venv"
