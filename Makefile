# Two commands on a fresh machine (Python 3.11 or newer, make, git):
#   make run     set up, index corpus/, serve on http://127.0.0.1:8000
#   make test    set up, and pass the tests that start no processes
# On Linux without a GPU, TORCH_INDEX=https://download.pytorch.org/whl/cpu saves gigabytes.
# What is fetched and installed is said before it is: the figures are of Linux on x86.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
# uv installs the locks in a seventh of pip's time (7 s, pip 51 s, for run.stamp's). pip installs it, and takes its
# place where uv cannot be had or cannot reach the package index as pip is configured to.
UV := build/uv/bin/uv
# Exactly these versions, and no file whose hash is not in the lock.
locked = $(UV) pip install --python $(BIN)/python --no-deps --require-hashes -r $(1) \
	|| $(PIP) --no-compile --no-deps --require-hashes -r $(1)
# Compile what was installed, on all processors: pip uses one. Some libraries come with files that no Python compiles.
COMPILE := $(BIN)/python -m compileall -q -q -j 0 $(VENV)/lib || true
# Which build of torch is right depends on the machine: its index, or TORCH_LOCK=locks/torch.txt for the locked one of PyPI.
TORCH_INDEX ?=
TORCH_LOCK ?=
CORPUS ?= corpus
# Tests run in as many processes as there are cores; one that has no tests left takes half of another's.
SPREAD ?= -n auto --dist worksteal
# COVERAGE=1 measures lines and branches while tests run; make coverage says what all of those runs measured.
COVERAGE ?=
COVERED := build/coverage
MEASURED = $(if $(COVERAGE),-m slipcover --out $(COVERED)/$@.json)
# Rewriting their assertions takes a third of loading the tests: it is kept, whatever the environment says.
TESTS = mkdir -p $(COVERED) && env -u PYTHONDONTWRITEBYTECODE $(BIN)/python $(MEASURED) -m pytest $(SPREAD)

.PHONY: run index test test-processes test-full drills coverage check style types directions audit bill licenses lock format bench docs screenshots site docs-serve typescript wheels clean help setup

help:  ## list the targets
	@grep -E '^[a-z-]+:.*##' Makefile | sed -E 's/:.*## /\t/' | expand -t 12

$(VENV)/run.stamp: pyproject.toml clients/python/pyproject.toml packages/loccit-cross-encoder/pyproject.toml locks/runtime.txt locks/uv.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.12")'
	@echo "Setting up, 1 of 5: a virtual environment in $(VENV), and uv, which installs libraries (20 MB to fetch)"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@test -x $(UV) || $(PIP) --no-deps --require-hashes --target build/uv -r locks/uv.txt || true
	@echo "Setting up, 2 of 5: $$(grep -c == locks/runtime.txt) libraries (340 MB to fetch, 1 GB installed)"
	@$(call locked,locks/runtime.txt)
	@echo "Setting up, 3 of 5: torch (200 MB to fetch; on Linux without TORCH_INDEX 3 GB, for GPUs); pip is silent meanwhile"
	@$(if $(TORCH_LOCK),$(call locked,$(TORCH_LOCK)),$(PIP) $(if $(TORCH_INDEX),--index-url $(TORCH_INDEX)) --no-compile 'torch>=2.6')
	@echo "Setting up, 4 of 5: Loccit itself, from this folder"
	@$(PIP) --no-deps --no-build-isolation -e . -e clients/python -e packages/loccit-cross-encoder
	@echo "Setting up, 5 of 5: compiling the libraries, so that commands start fast (half a minute)"
	@$(COMPILE)
	@touch $@

$(VENV)/dev.stamp: $(VENV)/run.stamp locks/dev.txt $(wildcard packages/*/pyproject.toml)
	@echo "Setting up for development: $$(grep -c == locks/dev.txt) libraries in all (440 MB more to fetch, 1.5 GB installed)"
	@$(call locked,locks/dev.txt)
	@$(PIP) --no-deps --no-build-isolation -e packages/loccit-milvus -e packages/loccit-cross-encoder-multilingual
	@$(COMPILE)
	$(BIN)/python -m pip check
	@touch $@

setup: $(VENV)/dev.stamp  ## make .venv with everything, for development too

index: $(VENV)/run.stamp  ## index corpus/ (or CORPUS=folder); what did not change is not embedded again
	@echo "Indexing $(CORPUS)/. The first time, the model is converted for this processor, which takes up to a minute."
	$(BIN)/loccit ingest --mirror $(CORPUS)

run: index  ## index corpus/ and serve
	$(BIN)/loccit serve

test: $(VENV)/dev.stamp  ## run the tests that start no processes, and one of all from end to end; minutes
	$(TESTS) -m "not processes"

test-processes: $(VENV)/dev.stamp  ## run the others: crashes, browser, servers, Node, packaging; say what was skipped and why
	$(TESTS) -m processes

test-full: $(VENV)/dev.stamp  ## run all tests, the hostile ones at full size; hours
	export LOCCIT_TESTS_FULL=1; $(TESTS)

drills: $(VENV)/dev.stamp  ## kill, hang and fill each part of a service on several machines under load (ONLY="worker proxy"; as root, with PostgreSQL)
	$(BIN)/python -m tests.drills $(ONLY)

coverage: $(VENV)/dev.stamp  ## say what the runs with COVERAGE=1 covered; at least 95 %
	@echo "Coverage of lines and branches ($(COVERED).txt lists the lines not run):"
	@$(BIN)/python -m slipcover --merge $(COVERED)/*.json --out $(COVERED).json --fail-under 95 > $(COVERED).txt; \
		status=$$?; tail -n 2 $(COVERED).txt; exit $$status

check: style types directions audit  ## what is true of the code without running it: style, types, directions of imports; and known vulnerabilities of libraries

style: $(VENV)/dev.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/dev.stamp
	$(BIN)/mypy

directions: $(VENV)/dev.stamp
	$(BIN)/lint-imports

audit: $(VENV)/dev.stamp  ## look for known vulnerabilities of the locked libraries (asks osv.dev, or else pypi.org)
	$(BIN)/python -m scripts.audit

bill: $(VENV)/dev.stamp  ## write bills of materials (CycloneDX) of the wheel and of the image in build/bill/
	$(BIN)/python -m scripts.bill

licenses: $(VENV)/dev.stamp  ## list the licences of the libraries that are installed with the project
	$(BIN)/pip-licenses --from=mixed --with-urls --packages torch $$(sed -n 's/==.*//p' locks/runtime.txt)

lock: constraints.txt  ## write the hashed locks again, from pyproject.toml and constraints.txt (asks the package index)
	$(PYTHON) -m venv build/lock
	build/lock/bin/python -m pip install --quiet --disable-pip-version-check uv==0.13.9
	PATH="$$PWD/build/lock/bin:$$PATH" build/lock/bin/python -m scripts.lock

format: $(VENV)/dev.stamp  ## bring the code into shape
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(VENV)/dev.stamp  ## run the conditions in benchmarks/ again and say what moved
	$(BIN)/python -m benchmarks.run

docs: $(VENV)/dev.stamp  ## write the tables and references in docs/ again
	$(BIN)/python -m scripts.build_docs

screenshots: $(VENV)/dev.stamp  ## show every page in build/screenshots/, and some in docs/images/pages/ (needs Chromium)
	$(BIN)/python -m scripts.screenshots

build/docs.stamp: locks/docs.txt
	$(PYTHON) -m venv build/docs
	build/docs/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r locks/docs.txt
	touch $@

site: build/docs.stamp  ## build docs/ as a site, in build/site; the service has it at /help
	build/docs/bin/python -m scripts.build_site

build/canaille.stamp: locks/canaille.txt
	$(PYTHON) -m venv build/canaille
	build/canaille/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r locks/canaille.txt
	touch $@

docs-serve: site  ## build the site and serve it alone, on http://127.0.0.1:8001
	build/docs/bin/python -m http.server 8001 --bind 127.0.0.1 --directory build/site

wheels: $(VENV)/run.stamp  ## list libraries without a wheel for a supported platform (asks the package index; minutes)
	$(BIN)/python -m scripts.check_wheels

typescript: $(VENV)/run.stamp  ## build clients/typescript from the OpenAPI document (needs Node and npm)
	$(BIN)/python -m scripts.openapi clients/typescript/openapi.json
	cd clients/typescript && npm ci --ignore-scripts --no-audit --no-fund && npm run build

clean:  ## remove what was built, but not data/
	rm -rf clients/python/build clients/python/src/*.egg-info packages/*/build packages/*/*.egg-info clients/typescript/dist clients/typescript/node_modules clients/typescript/openapi.json clients/typescript/src/schema.ts
	rm -rf $(VENV) build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
