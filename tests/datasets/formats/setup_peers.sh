#!/bin/sh
# The libraries that read what labeldist writes, in an environment of their own outside the repository (about 1 GB).
#
#   tests/datasets/formats/setup_peers.sh [FOLDER]     FOLDER: default $LABELDIST_PEERS, else ~/.cache/labeldist/peers-1
#
# Done already: nothing happens. PYTHON is the interpreter to make it with, 3.11 or newer.
set -eu

FOLDER=${1:-${LABELDIST_PEERS:-$HOME/.cache/labeldist/peers-1}}
STAMP=$FOLDER/.ready

if [ -f "$STAMP" ]; then
    exit 0
fi
echo "setting up datasets, argilla, crowd-kit and cleanlab in $FOLDER" >&2
rm -rf "$FOLDER"
mkdir -p "$(dirname "$FOLDER")"
"${PYTHON:-python3}" -m venv "$FOLDER"
# argilla imports requests without asking for it.
"$FOLDER/bin/python" -m pip --quiet --disable-pip-version-check install \
    "datasets==5.2.0" "argilla==2.8.0" "crowd-kit==1.4.2" "cleanlab==2.9.0" pandas requests
touch "$STAMP"
