# Two commands on a fresh machine (Python 3.11 or newer, make, git):
#   make run     set up, index corpus/, serve on http://127.0.0.1:8000
#   make test    set up, and pass the tests
# On Linux without a GPU, TORCH_INDEX=https://download.pytorch.org/whl/cpu saves gigabytes.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
TORCH_INDEX ?=
CORPUS ?= corpus
# Tests run in as many processes as there are cores, each file in one of them.
SPREAD ?= -n auto --dist loadfile

.PHONY: run index test check format bench docs clean help setup coverage

help:  ## list the targets
	@grep -E '^[a-z-]+:.*##' Makefile | sed -E 's/:.*## /\t/' | expand -t 12

$(VENV)/run.stamp: pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.12")'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(PIP) 'pip>=25,<26' # older ones lose extras that constraints name
	$(if $(TORCH_INDEX),$(PIP) --index-url $(TORCH_INDEX) 'torch>=2.6')
	$(PIP) -c constraints.txt -e .
	touch $@

$(VENV)/dev.stamp: $(VENV)/run.stamp
	$(PIP) -c constraints.txt -e '.[dev]'
	touch $@

setup: $(VENV)/dev.stamp  ## make .venv with everything, for development too

index: $(VENV)/run.stamp  ## index corpus/ (or CORPUS=folder); what did not change is not embedded again
	$(BIN)/loccit ingest --mirror $(CORPUS)

run: index  ## index corpus/ and serve
	$(BIN)/loccit serve

test: $(VENV)/dev.stamp  ## the tests that need nothing beyond a clone
	$(BIN)/python -m pytest $(SPREAD)

check: $(VENV)/dev.stamp  ## what is true of the code without running it: style, types, directions of imports
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/dev.stamp  ## bring the code into shape
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

coverage: $(VENV)/dev.stamp  ## the tests with coverage of lines and branches
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest $(SPREAD)
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report

bench: $(VENV)/dev.stamp  ## run the conditions in benchmarks/ again and say what moved
	$(BIN)/python -m benchmarks.run

docs: $(VENV)/dev.stamp  ## write the tables in docs/ again
	$(BIN)/python -m scripts.build_docs

clean:  ## remove what was built, but not data/
	rm -rf $(VENV) build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage*
