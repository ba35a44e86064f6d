#!/usr/bin/env bash
# usage: interop.sh DIRECTORY [MAVEN-OPTION...]   Runs the tests against real servers of MLflow 2.x and 3.x, installed by venvs.sh into
# DIRECTORY (kept, and used again). With -Dinflight.mlflow.record=true it also replaces the recordings.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
directory=$1
shift
installed=$(bash "$here/venvs.sh" "$directory") # fails here, not with tests that are skipped
mapfile -t options <<< "$installed"
cd "$here/../../../../.."
mvn -B -ntp -pl extensions/mlflow -am -Ponly-mlflow,interop -Dgroups=interop \
  "${options[@]}" "$@" verify
