#!/usr/bin/env bash
# usage: venvs.sh DIRECTORY   Installs the pinned DVC 3.x (with GTO and moto) and 2.x into DIRECTORY/dvc<major>; what is there is used
# again until its pins change.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
directory=$1
for major in 3 2; do
  venv=$directory/dvc$major
  if ! cmp -s "$here/requirements-$major.txt" "$venv/installed.txt"; then
    python3 -m venv --clear "$venv"
    "$venv/bin/python" -m pip install --quiet -r "$here/requirements-$major.txt"
    cp "$here/requirements-$major.txt" "$venv/installed.txt"
  fi
done
