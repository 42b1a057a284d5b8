# Every target does its own set-up, in .venv. PYTHON: the interpreter to make it with, 3.11 or newer.
PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
# Development pins torch, since other versions may bring gigabytes of GPU libraries. The package itself does not.
TORCH = torch==2.13.0

.PHONY: demo test test-all lint format docs clean

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
	@echo "The labels and references of these 48 items are illustrative, written by their authors: the figures"
	@echo "show how labeldist works, and nothing about people or about the quality of a method."

test: $(VENV)/.dev
	$(BIN)/python -m pytest -m 'not slow'

# With a vLLM server in an environment of its own outside the repository, 3.5 GB: tests/servers/setup_vllm.sh.
test-all: $(VENV)/.dev
	PYTHON=$(PYTHON) tests/servers/setup_vllm.sh
	$(BIN)/python -m pytest

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
	rm -rf build dist demo-run .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find src tests training benchmarks docs -name __pycache__ -type d -prune -exec rm -rf {} +
