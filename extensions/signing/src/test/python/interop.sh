#!/usr/bin/env bash
# usage: interop.sh DIRECTORY [MAVEN-OPTION...]   Runs the tests against the real model-signing, installed by venvs.sh into DIRECTORY
# (kept, and used again).
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
directory=$(mkdir -p "$1" && cd "$1" && pwd)
shift
installed=$(bash "$here/venvs.sh" "$directory") # fails here, not with tests that are skipped
mapfile -t options <<< "$installed"
cd "$here/../../../../.."
mvn -B -ntp -pl extensions/signing -am -Ponly-signing,interop -Dgroups=interop \
  "${options[@]}" "$@" verify
