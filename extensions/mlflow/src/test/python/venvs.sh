#!/usr/bin/env bash
# usage: venvs.sh DIRECTORY [MAJOR...]   Installs the pinned MLflow 2 and 3, or those that are named, into DIRECTORY/mlflow<major>;
# what is there is used again until its pins change. Prints the Maven options that name them.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
directory=$1
shift
(($#)) || set -- 3 2
for major in "$@"; do
  venv=$directory/mlflow$major
  bash "$here/../../../../venv.sh" "$venv" "$here/requirements-$major.txt"
  printf '%s\n' "-Dinflight.mlflow$major=$venv"
done
