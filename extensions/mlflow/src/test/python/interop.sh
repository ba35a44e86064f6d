#!/usr/bin/env bash
# usage: interop.sh DIRECTORY [MAVEN-OPTION...]   Installs the pinned MLflow 2.x and 3.x into DIRECTORY (kept, and used again) and
# runs the tests against the real servers. With -Dinflight.mlflow.record=true it also replaces the recordings.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
directory=$1
shift
for major in 2 3; do
  venv=$directory/mlflow$major
  if ! cmp -s "$here/requirements-$major.txt" "$venv/installed.txt"; then
    python3 -m venv --clear "$venv"
    "$venv/bin/python" -m pip install --quiet -r "$here/requirements-$major.txt"
    cp "$here/requirements-$major.txt" "$venv/installed.txt"
  fi
done
cd "$here/../../../../.."
mvn -B -ntp -pl extensions/mlflow -am -Ponly-mlflow,interop \
  -Dinflight.mlflow2="$directory/mlflow2" -Dinflight.mlflow3="$directory/mlflow3" "$@" verify
