#!/usr/bin/env bash
# usage: bash docs/examples/registry-flight.sh   The second main job: an alias moves in a real MLflow registry, and a service that is
# under load follows it. Needs a JDK, Maven and Python; installs MLflow into ~/.cache/inflight-interop the first time.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
real=extensions/mlflow/src/test/python
cache=${XDG_CACHE_HOME:-$HOME/.cache}/inflight-interop
bash "$real/venvs.sh" "$cache" 3
python=$cache/mlflow3/bin/python

scratch=$(mktemp -d)
port=$("$python" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
setsid bash "$real/server.sh" "$cache/mlflow3" "$scratch" "$port" > "$scratch/log" 2>&1 &
server=$!
trap 'kill -- -$server 2>/dev/null || true; rm -rf "$scratch"' EXIT
export MLFLOW_TRACKING_URI=http://127.0.0.1:$port MLFLOW_DISABLE_TELEMETRY=true MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT=true

"$python" docs/examples/registry_flight.py 2> "$scratch/python" || { cat "$scratch/python" "$scratch/log" >&2; exit 1; }
mvn -q -Pfirst-flight -Dflight=RegistryFlight -pl docs/examples -am package
