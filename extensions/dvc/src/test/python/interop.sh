#!/usr/bin/env bash
# usage: interop.sh DIRECTORY [MAVEN-OPTION...]   Runs the tests against what real DVC and GTO write, installed by venvs.sh into
# DIRECTORY (kept, and used again). With -Dinflight.dvc.record=true it also replaces the recording.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
directory=$1
shift
installed=$(bash "$here/venvs.sh" "$directory") # fails here, not with tests that are skipped
mapfile -t options <<< "$installed"
cd "$here/../../../../.."
mvn -B -ntp -pl extensions/dvc -am -Ponly-dvc,interop -Dgroups=interop \
  "${options[@]}" "$@" verify
