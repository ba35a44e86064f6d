#!/usr/bin/env bash
# usage: venv.sh DIRECTORY REQUIREMENTS   A virtual environment with pinned packages; what is there is used again until the pins change.
set -euo pipefail
venv=$1
requirements=$2
if ! cmp -s "$requirements" "$venv/installed.txt"; then
  python3 -m venv --clear "$venv"
  "$venv/bin/python" -m pip install --quiet -r "$requirements" >&2
  cp "$requirements" "$venv/installed.txt"
fi
