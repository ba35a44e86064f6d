#!/usr/bin/env bash
# usage: bash docs/examples/registry-flight.sh   The second main job: an alias moves in a real MLflow registry, then a stage in a real
# repository of DVC and GTO, and a service that is under load follows. Needs a JDK, Maven, git and Python; installs MLflow, DVC and GTO
# into ~/.cache/inflight-interop the first time.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
mlflow=extensions/mlflow/src/test/python
cache=${XDG_CACHE_HOME:-$HOME/.cache}/inflight-interop
bash "$mlflow/venvs.sh" "$cache" 3 > /dev/null
bash extensions/dvc/src/test/python/venvs.sh "$cache" 3 > /dev/null
python=$cache/mlflow3/bin/python

scratch=$(mktemp -d)
servers=()
trap 'for server in "${servers[@]}"; do kill -- "-$server" 2>/dev/null || true; done; rm -rf "$scratch"' EXIT

free_port() { "$python" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }

# Starts a server that says what it has to say to a log.
serve() {
  setsid "$@" >> "$scratch/log" 2>&1 &
  servers+=($!)
}

prepared() { "$python" "$@" 2> "$scratch/python" || { cat "$scratch/python" "$scratch/log" >&2; exit 1; }; }

fly() { mvn -q -Pfirst-flight -Dflight="$1" -pl docs/examples -am package; }

port=$(free_port)
export MLFLOW_TRACKING_URI=http://127.0.0.1:$port MLFLOW_DISABLE_TELEMETRY=true MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT=true
serve bash "$mlflow/server.sh" "$cache/mlflow3" "$scratch" "$port"
prepared docs/examples/registry_flight.py mlflow
fly MlflowFlight

port=$(free_port)
mkdir "$scratch/store"
serve "$python" -m http.server --bind 127.0.0.1 --directory "$scratch/store" "$port"
export FLIGHT_GIT=$scratch/git FLIGHT_GTO=$cache/dvc3/bin/gto
prepared docs/examples/registry_flight.py dvc "$cache/dvc3/bin" "$scratch" "http://127.0.0.1:$port"
fly DvcFlight
