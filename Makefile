# Burnish: `make` alone lists what there is.

BIN := .venv/bin
PYTHONS := python3.11 python3.12 python3.13 python3
FIND_PYTHON := for p in $(PYTHON) $(PYTHONS); do \
	"$$p" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && exec echo "$$p"; done; \
	echo "setup: no usable Python 3.11 or newer (with venv) was found; install one, or name it: make PYTHON=/path/to/python" >&2; exit 1

.DEFAULT_GOAL := help
.PHONY: help setup demo up test check browser bench bench-ledger bench-generation bench-common-prefix bench-trainer bench-exchange claims tiny migrate clean

help: ## List the targets
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  %-20s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: ## Make .venv and install everything; quick when nothing changed
	@python=$$($(FIND_PYTHON)) && "$$python" local/install.py

demo: setup ## Align the miniature student on three behaviors and show before and after
	@$(BIN)/python -m local demo

up: setup ## Run everything on this machine until Ctrl-C
	@$(BIN)/python -m local up

test: setup browser check ## Check, then run every test, two files at a time
	$(BIN)/python -m pytest --numprocesses=2 --dist=loadfile --durations=15

check: setup ## Format, lint, types, import arrows, migrations
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -q tests/test_imports.py
	$(BIN)/python -m local scratch sh -c '$(BIN)/alembic upgrade head && $(BIN)/alembic check'

browser: setup ## Fetch a Chromium for the dashboard tests, where there is none
	@$(BIN)/python -m local.browser

bench: bench-ledger bench-exchange bench-generation bench-common-prefix bench-trainer ## Measure speed: each prints its table and writes bench/results/

bench-ledger: setup ## Rows a second into the ledger
	$(BIN)/python -m bench.ledger

bench-generation: setup .bench/distilabel/ready bench-exchange ## bench-exchange, then chains a second beside the bare engine and distilabel
	$(BIN)/python -m local scratch sh -c '$(BIN)/alembic upgrade head && $(BIN)/python -m bench.generation'

.bench/distilabel/ready: bench/distilabel/requirements.txt
	@python=$$($(FIND_PYTHON)) && "$$python" -m venv --clear .bench/distilabel
	.bench/distilabel/bin/pip install --quiet --requirement $<
	@touch $@

bench-common-prefix: setup ## How much of a pair's two answers is the same from the start
	$(BIN)/python -m local scratch sh -c '$(BIN)/alembic upgrade head && $(BIN)/python -m bench.common_prefix'

bench-trainer: setup ## Pairs a second of the trainer, against TRL and against itself with one thing less
	$(BIN)/python -m bench.trainer

bench-exchange: setup ## Pairs a second in and out, and peak memory, up to a million pairs
	$(BIN)/python -m local scratch sh -c '$(BIN)/alembic upgrade head && BURNISH_DATA_DIR=$$(mktemp -d) $(BIN)/python -m bench.exchange'

claims: setup ## Measure what is said of the methods, on the miniature world: half an hour on two cores; goes on where it stopped
	$(BIN)/python -m bench.claims

tiny: setup ## Rebuild the miniature world's models from their seeds
	$(BIN)/python -m tiny

migrate: setup ## Bring the database of BURNISH_DATABASE_URL to the newest revision
	$(BIN)/alembic upgrade head

clean: ## Remove .venv and caches; the data in .burnish stays
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .hypothesis .schemathesis build *.egg-info
	find . -name __pycache__ -type d -not -path './.burnish/*' -prune -exec rm -rf {} +
