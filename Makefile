# Everything runs from a virtual environment that these targets make and keep up to date.
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
ARGS ?=
LOCK := uv pip compile pyproject.toml --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --no-header --group build --extra all
# What has to do with the database: neither the engine's tests nor what only repeats pages and files.
SERVER_TESTS := --ignore=tests/engine --ignore=tests/corpus --ignore=tests/fuzz --ignore=tests/client \
	--ignore=tests/matrix --ignore=tests/reports/test_mutations.py -m "not journey and not processes"

.DEFAULT_GOAL := help
.PHONY: help demo run test fuzz faults lint format bench lock clean

help: ## what there is
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  make \1\t/'

demo: $(VENV)/.run ## two real releases at their gates, in the browser (ARGS=--new-passwords)
	@scripts/system-packages demo
	@$(BIN)/python -m readiness.supervisor demo $(ARGS)

run: $(VENV)/.run ## an installation of your own on this machine, data in var/
	@scripts/system-packages demo
	@$(BIN)/python -m readiness.supervisor run $(ARGS)

test: $(VENV)/.dev ## everything: lint, types, layers, tests on SQLite, server tests on PostgreSQL
	@scripts/system-packages test
	@$(MAKE) --no-print-directory lint
	$(BIN)/python -m pytest -q -n 2 --dist loadgroup $(ARGS)
	$(BIN)/python -m tests.postgres -q -n 2 --dist loadgroup $(SERVER_TESTS) $(ARGS)

fuzz: $(VENV)/.dev ## disturbed files on every parser, each for SECONDS (20)
	FUZZ_SECONDS=$(or $(SECONDS),20) $(BIN)/python -m pytest -q -n 2 tests/fuzz $(ARGS)

faults: $(VENV)/.dev ## kills, full and broken disks at every write, 200 kills of checks and reports
	@scripts/system-packages faults
	$(BIN)/python -m tests.faults $(ARGS)
	$(BIN)/python -m tests.faults.kills 150 60
	READINESS_HUGE_GB=10 $(BIN)/python -m pytest -q tests/engine/test_huge_file.py

lint: $(VENV)/.dev ## ruff, mypy, import-linter
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy .
	$(BIN)/lint-imports

format: $(VENV)/.dev ## let ruff correct what it can
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

bench: $(VENV)/.dev ## the figures that we promise, each beside a baseline of the same run (ARGS=pdf: one)
	@$(BIN)/python -m bench $(ARGS)

lock: $(VENV)/.dev ## resolve again and write both lock files
	$(PIP) install --quiet uv
	$(BIN)/$(LOCK) --upgrade --output-file requirements.lock
	$(BIN)/$(LOCK) --upgrade --extra dev --constraint requirements.lock --output-file requirements-dev.lock

clean: ## remove the virtual environment and all caches; data in var/ stays
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

# What the lock files name, by hash, then the project itself, with a build backend from the same file.
$(VENV)/.run: requirements.lock pyproject.toml | $(VENV)/bin/python
	$(PIP) install --quiet --require-hashes -r requirements.lock
	$(PIP) install --quiet --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.dev: requirements-dev.lock pyproject.toml | $(VENV)/bin/python
	$(PIP) install --quiet --require-hashes -r requirements-dev.lock
	$(PIP) install --quiet --no-deps --no-build-isolation -e .
	@touch $@ $(VENV)/.run

$(VENV)/bin/python:
	@python=$$(PYTHON="$(PYTHON)" scripts/find-python) && $$python -m venv $(VENV)
