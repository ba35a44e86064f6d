#!/usr/bin/env bash
# usage: server.sh PYTHON_HOME DIRECTORY PORT [OPTION...]   Becomes an MLflow server on loopback: SQLite, and local artifacts that it
# hands out, unless the options say otherwise.
set -euo pipefail
home=$1 directory=$2 port=$3
shift 3
mkdir -p "$directory/artifacts"
cd "$directory"
export MLFLOW_DISABLE_TELEMETRY=true MLFLOW_FLASK_SERVER_SECRET_KEY=interop PATH="$home/bin:$PATH"
(($#)) || set -- --artifacts-destination "$directory/artifacts"
exec "$home/bin/mlflow" server --backend-store-uri "sqlite:///$directory/mlflow.db" --host 127.0.0.1 --port "$port" --workers 1 "$@"
