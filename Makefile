# Every target does its own set-up, in .venv. PYTHON: the interpreter to make it with, 3.11 or newer.
PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
LOWEST = .venv-lowest
# Development pins torch, since other versions may bring gigabytes of GPU libraries. The package itself does not.
TORCH = torch==2.13.0

# Files of tests go to as many processes as there are cores, each with one thread: with a thread for each core in each
# process they take half as long again. More than eight would only start slowly.
PYTEST = OMP_NUM_THREADS=1 $(BIN)/python -m pytest --numprocesses logical --maxprocesses 8 --dist loadfile

.PHONY: demo test test-all test-lowest lint format docs clean

# The stamps tell what is installed: .base the package alone, .dev also what its development needs.
$(VENV)/.base: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --editable .
	touch $@

$(VENV)/.dev: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --editable '.[dev]' '$(TORCH)'
	touch $(VENV)/.base $@

# The whole pipeline on the 48 items that ship with the package, with the model that ships with it.
demo: $(VENV)/.base
	$(BIN)/labeldist run demo --explanations none,label-free,label-guided --orders balanced:12 \
		--show demo-20,demo-25,demo-33,demo-41 --out demo-run --overwrite
	$(BIN)/labeldist report demo-run --out demo-report.html > /dev/null
	@echo "The posterior combines labels and model; the baselines have the labels alone."
	@echo "A small lead can be chance: demo-run/evaluation.md has the intervals."
	@echo "No annotator was asked: the figures say nothing about people or about methods."
	@echo "Open demo-report.html in a browser: the disputed items, what the model said of them, how far to trust it."

test: $(VENV)/.dev
	$(PYTEST) -m 'not slow'

# With environments of their own outside the repository: a vLLM server, 3.5 GB (tests/servers/setup_vllm.sh), real
# models and llama.cpp servers, 1.5 GB, compiled in 10 to 30 minutes (tests/servers/setup_real.sh), the libraries that
# read what labeldist writes, 1 GB (tests/datasets/formats/setup_peers.sh), and annotation tools, 700 MB
# (tests/collecting/setup_tools.sh), which also take a browser: apt-get install chromium.
test-all: $(VENV)/.dev
	PYTHON=$(PYTHON) tests/servers/setup_vllm.sh
	PYTHON=$(PYTHON) tests/servers/setup_real.sh
	PYTHON=$(PYTHON) tests/datasets/formats/setup_peers.sh
	PYTHON=$(PYTHON) tests/collecting/setup_tools.sh
	$(PYTEST)

# The lowest versions of the dependencies that pyproject.toml admits, but for torch. `make test` has the newest.
test-lowest:
	$(PYTHON) -m venv $(LOWEST)
	$(LOWEST)/bin/python -m pip install --quiet uv
	echo '$(TORCH)' > $(LOWEST)/torch.txt
	$(LOWEST)/bin/uv pip compile pyproject.toml --extra dev --resolution lowest-direct --quiet \
		--constraints $(LOWEST)/torch.txt --no-header --no-annotate | grep -v -E '^(cuda|nvidia|triton|torch=)' > $(LOWEST)/pins.txt
	$(LOWEST)/bin/python -m pip install --quiet --constraint $(LOWEST)/pins.txt --editable '.[dev]' '$(TORCH)'
	touch $(LOWEST)/.base $(LOWEST)/.dev
	$(MAKE) test VENV=$(LOWEST)

lint: $(VENV)/.dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

format: $(VENV)/.dev
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

# docs/reference/cli.md from the commands' own --help; a test compares the two.
docs: $(VENV)/.base
	$(BIN)/python docs/write_cli_reference.py

clean:
	rm -rf build dist demo-run demo-report.html .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find src tests training benchmarks docs -name __pycache__ -type d -prune -exec rm -rf {} +
