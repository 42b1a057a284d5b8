#!/bin/sh
# Annotation tools for the tests, each in an environment of its own outside the repository (about 700 MB, 2 minutes):
# Potato, which is GPL and therefore only ever a program that is run; Playwright, to drive a browser; Label Studio's SDK.
# And axe-core, which looks for what keeps people out of a page (tests/reports/page/); MPL, only ever put into a page of a
# test.
#
#   tests/collecting/setup_tools.sh [FOLDER]     FOLDER: default $LABELDIST_TOOLS, else ~/.cache/labeldist/tools-1
#
# Done already: nothing happens. The browser is the system's: apt-get install chromium. PYTHON: 3.11 or newer.
set -eu

FOLDER=${1:-${LABELDIST_TOOLS:-$HOME/.cache/labeldist/tools-1}}
STAMP=$FOLDER/.ready

# What keeps people out of a page: a script that is put into it.
fetch_axe() {
    if ! command -v npm >/dev/null; then
        echo "no npm here: tests with axe-core will be skipped" >&2
        return
    fi
    (cd "$FOLDER" && npm pack --silent axe-core@4.14.1 >/dev/null && tar -xzf axe-core-4.14.1.tgz package/axe.min.js &&
        mv package/axe.min.js . && rmdir package && rm axe-core-4.14.1.tgz)
}

if [ -f "$STAMP" ]; then
    [ -f "$FOLDER/axe.min.js" ] || fetch_axe
    exit 0
fi
echo "setting up annotation tools in $FOLDER" >&2
command -v chromium >/dev/null || echo "no chromium here: tests with a browser will be skipped" >&2
rm -rf "$FOLDER"
mkdir -p "$FOLDER"
for pair in potato:potato-annotation==2.12.1 browser:playwright==1.65.2 label-studio:label-studio-sdk==2.1.2; do
    "${PYTHON:-python3}" -m venv "$FOLDER/${pair%%:*}"
    "$FOLDER/${pair%%:*}/bin/python" -m pip --quiet --disable-pip-version-check install "${pair#*:}"
done
fetch_axe
touch "$STAMP"
