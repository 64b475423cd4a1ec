# graphsvc: every command a newcomer needs. `make help` lists them.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
RUN := $(BIN)/python -m graphsvc
DEMO_HOME ?= .demo
UV_VERSION := 0.13.9
export NUMBA_CACHE_DIR ?= $(CURDIR)/$(VENV)/numba-cache
unexport PYTHONDONTWRITEBYTECODE  # each of many processes would compile every module anew

.DEFAULT_GOAL := help
.PHONY: help setup demo serve test check format perf perf-train soak clean

help: ## list the commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | awk -F '\t' '{printf "  make %-10s %s\n", $$1, $$2}'

setup: $(VENV)/ready ## create the environment from the lock

$(VENV)/ready: requirements.lock
	@sh .ci/machine "$(PYTHON)"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	@echo "Installing the locked packages (about 7 GB with torch; two minutes or more)"
	@$(BIN)/uv pip sync --quiet --require-hashes --python $(BIN)/python requirements.lock
	@touch $@

demo: setup ## load the sample shops, build everything, answer over HTTP
	@GRAPHSVC_HOME=$(DEMO_HOME) $(RUN) demo

serve: setup ## serve the demo's shop (GraphQL, GraphiQL) until Ctrl-C
	@GRAPHSVC_HOME=$(DEMO_HOME) $(RUN) serve

test: setup ## run every test, with a real Neo4j of its own
	@env -u NEO4J_URI $(BIN)/python -m pytest -n 2 --dist worksteal -m "not soak"

check: setup ## types, lint, format, layout
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/python -m pytest -q -p no:cacheprovider tests/test_layout.py

format: setup ## put the code in order
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

perf: setup ## run every measurement, write perf/RESULTS.md
	@$(BIN)/python -m perf

perf-train: setup ## what trainings reach, hours; goes on where it was, writes perf/TRAINING.md
	@$(BIN)/python -W ignore -m perf.training

soak: setup ## the long fault runs, about two hours, and perf/SOAK.md
	@env -u NEO4J_URI $(BIN)/python -m tests.soak

clean: ## remove the environment and the demo's data
	rm -rf $(VENV) $(DEMO_HOME) .mypy_cache .ruff_cache .pytest_cache .hypothesis
