#!/usr/bin/env bash
# usage: interop.sh DIRECTORY [MAVEN-OPTION...]   Installs the pinned DVC 3.x (with GTO and moto) and 2.x into DIRECTORY (kept, and
# used again) and runs the tests against what they really write. With -Dinflight.dvc.record=true it also replaces the recording.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
directory=$1
shift
for major in 2 3; do
  venv=$directory/dvc$major
  if ! cmp -s "$here/requirements-$major.txt" "$venv/installed.txt"; then
    python3 -m venv --clear "$venv"
    "$venv/bin/python" -m pip install --quiet -r "$here/requirements-$major.txt"
    cp "$here/requirements-$major.txt" "$venv/installed.txt"
  fi
done
cd "$here/../../../../.."
mvn -B -ntp -pl extensions/dvc -am -Ponly-dvc,interop \
  -Dinflight.dvc2="$directory/dvc2" -Dinflight.dvc3="$directory/dvc3" "$@" verify
