PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PIP_INSTALL := $(BIN)/python -m pip install -qq --disable-pip-version-check --constraint constraints.txt

.PHONY: serve help test test-fast test-kernels cases coverage lint dist proto bench-quality bench-adaptive bench-lm bench-load bench-kernels clean
.DEFAULT_GOAL := serve

help: ## Show what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

serve: $(VENV)/.installed ## Set up and run the service
	@$(BIN)/promptpress serve

test: $(VENV)/.installed-dev ## Set up and run the tests
	$(BIN)/python -m pytest

test-kernels: $(VENV)/.installed-dev ## Run the GPU kernels' tests in Triton's interpreter; installs Triton, a gigabyte
	@$(PIP_INSTALL) --group kernels
	$(BIN)/python -m pytest tests/kernels

test-fast: $(VENV)/.installed-dev ## Run the tests that are done within seconds
	$(BIN)/python -m pytest -m 'not slow and not e2e'

CASES ?= ../shared/cases/public.jsonl
cases: $(VENV)/.installed-dev ## Run behaviour cases against a server, where there are any beside the checkout
	$(BIN)/python -m tests.cases $(dir $(CASES))run.py $(CASES)

coverage: $(VENV)/.installed-dev ## Run the tests and report the lines that they miss
	$(BIN)/python -m pytest --cov --cov-report=term-missing:skip-covered

lint: $(VENV)/.installed-dev ## Check style, types, and which part imports which
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

proto: $(VENV)/.installed-dev ## Generate the gRPC stubs from the proto file
	$(BIN)/python -m promptpress_service.grpc_api.generate

DATA ?= ../shared/data/public
ITEMS ?= 100000
bench-quality: $(VENV)/.installed-dev ## Answers kept against ratio, for every method and data set
	$(BIN)/python -m benchmarks.quality $(DATA) --items $(ITEMS)

ADAPTIVE_ITEMS ?= 200
bench-adaptive: $(VENV)/.installed-dev ## Where acc_rag stops, and whether its confidence holds
	$(BIN)/python -m benchmarks.adaptive $(DATA) --items $(ADAPTIVE_ITEMS)

bench-lm: $(VENV)/.installed-dev ## Needles and times of the language-model methods
	$(BIN)/python -m benchmarks.language_models

SECONDS ?= 30
bench-load: $(VENV)/.installed-dev ## Throughput, latency and overload of the running service
	$(BIN)/python -m benchmarks.load --seconds $(SECONDS)

bench-kernels: $(VENV)/.installed-dev ## The Triton kernels on this machine's GPU against torch and FlashAttention
	$(BIN)/python -m benchmarks.kernels

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "PromptPress needs Python 3.11 or later; try: make PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -m venv $(VENV) \
		|| { echo "Python cannot make virtual environments here; on Debian and Ubuntu: apt install python3-venv"; rm -rf $(VENV); exit 1; }
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --upgrade pip

$(VENV)/.installed: $(VENV)/bin/python pyproject.toml compressors/pyproject.toml service/pyproject.toml VERSION constraints.txt
	@echo "Installing PromptPress into $(VENV); the first time takes a few minutes ..."
	@$(PIP_INSTALL) --editable compressors --editable service
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed kernels/pyproject.toml
	@echo "Installing what the tests need ..."
	@$(PIP_INSTALL) --editable 'compressors[rewriter]' --editable 'service[otel]' --editable kernels --group dev
	@touch $@

dist: $(VENV)/.installed-dev ## Build sdists and wheels into dist/
	rm -rf dist
	$(BIN)/python -m build --no-isolation --outdir dist compressors
	$(BIN)/python -m build --no-isolation --outdir dist service
	$(BIN)/python -m build --no-isolation --outdir dist kernels

clean: ## Remove everything that was made
	rm -rf $(VENV) build dist */build */*.egg-info .coverage* .pytest_cache .mypy_cache .ruff_cache .hypothesis
