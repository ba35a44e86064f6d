#!/usr/bin/env bash
# usage: venvs.sh DIRECTORY   Installs the pinned model-signing into DIRECTORY/model-signing; what is there is used again until its
# pins change. Prints the Maven option that names it.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
venv=$1/model-signing
bash "$here/../../../../venv.sh" "$venv" "$here/requirements.txt"
printf '%s\n' "-Dinflight.model.signing=$venv"
