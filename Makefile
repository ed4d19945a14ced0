# Everything a newcomer or a contributor runs. `make` alone lists the targets.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin

.DEFAULT_GOAL := help
.PHONY: help run install test test-fast lint types contracts containers bench soak fuzz migrate lock clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: $(VENV)/.run ## Install what it needs and run the demo: real reports in, a pull-request comment out
	@$(BIN)/coverage-worker demo

install: $(VENV)/.dev ## Create the virtual environment for development

$(VENV)/.run: requirements-embedded.txt setup.cfg VERSION
	@echo "Creating $(VENV) and installing the pinned requirements (once, about a minute) ..."
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-embedded.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -e .
	@touch $@

$(VENV)/.dev: requirements-dev.txt setup.cfg VERSION
	@echo "Creating $(VENV) and installing the pinned development requirements ..."
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -e .
	@touch $@ $(VENV)/.run

test: $(VENV)/.dev ## Run all tests (PostgreSQL from the wheel; RabbitMQ found or started, see README)
	@$(BIN)/python -m pytest -n auto --dist loadgroup

test-fast: $(VENV)/.dev ## Run the tests that need no broker and no second process
	@$(BIN)/python -m pytest -n auto --dist loadgroup -m "not amqp and not e2e"

lint: $(VENV)/.dev ## Check style and formatting
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

types: $(VENV)/.dev ## Check types (mypy, strict)
	@$(BIN)/mypy

contracts: $(VENV)/.dev ## Check the import contracts between the layers
	@$(BIN)/lint-imports --no-logo

containers: $(VENV)/.dev ## Check Dockerfile and compose file without an engine
	@$(BIN)/hadolint Dockerfile
	@$(BIN)/python deploy/check_compose.py docker-compose.yml

bench: $(VENV)/.dev ## Run the benchmarks and print ratios (about half an hour; SCALE="0.01" for a quick look)
	@$(BIN)/python -m benchmarks --scale $(or $(SCALE),0.01 0.1 1)

soak: $(VENV)/.dev ## Random uploads under random faults for ten minutes (SECONDS=60 for a quick look)
	@$(BIN)/python -m tests.soak $(or $(SECONDS),600)

fuzz: $(VENV)/.dev ## Damaged documents of every family for ten minutes (SECONDS=60 for a quick look)
	@$(BIN)/python -m tests.fuzz --seconds $(or $(SECONDS),600)

migrate: $(VENV)/.run ## Bring the configured database to the newest schema
	@$(BIN)/coverage-worker migrate

lock: $(VENV)/.dev ## Pin the requirements again from setup.cfg
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check pip-tools
	@CUSTOM_COMPILE_COMMAND="make lock" $(BIN)/pip-compile $(LOCK) -o requirements.txt setup.cfg
	@CUSTOM_COMPILE_COMMAND="make lock" $(BIN)/pip-compile $(LOCK) --extra embedded -c requirements.txt -o requirements-embedded.txt setup.cfg
	@CUSTOM_COMPILE_COMMAND="make lock" $(BIN)/pip-compile $(LOCK) --extra embedded --extra test -c requirements.txt -o requirements-dev.txt setup.cfg
LOCK := --quiet --generate-hashes --strip-extras --allow-unsafe --no-emit-index-url --no-emit-find-links --no-emit-trusted-host

clean: ## Remove the virtual environment and caches
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache *.egg-info
