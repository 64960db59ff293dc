# Everything starts here. `make help` lists the targets.
#
# One environment, .venv, in two tiers: `run` installs what serving needs (no torch); `test`, `check` and `train` add the rest.
# Exact versions come from constraints.txt; `make lock` renews it.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.ONESHELL:
.DELETE_ON_ERROR:

PYTHON ?= python3
PORT ?= 8777
VENV := .venv
BIN := $(VENV)/bin
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt
CODE := languages tasks inference server lsp export training tests benchmarks docs

.PHONY: help run test check format bench docs train vscode lock system-packages clean

help:  ## Show this list
	@grep -hE '^[a-z-]+:.*  ## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*  ## /\1\t/' | expand -t 18

run: $(VENV)/.base  ## Set up everything and serve the embedded model on 127.0.0.1:$(PORT)
	@exec $(BIN)/coder-serve --port $(PORT)

test: $(VENV)/.dev system-packages  ## Set up everything and run all tests
	@$(BIN)/coder models default
	$(BIN)/python -m pytest $(ARGS)

check: $(VENV)/.dev  ## Lint, types and architecture
	@$(BIN)/ruff check $(CODE)
	$(BIN)/ruff format --check $(CODE)
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

format: $(VENV)/.dev  ## Rewrite the code in the house style
	@$(BIN)/ruff check --fix $(CODE)
	$(BIN)/ruff format $(CODE)

bench: $(VENV)/.bench  ## Measure beside peers; each line is a ratio
	@for benchmark in benchmarks/*.py; do $(BIN)/python $$benchmark; done

docs: $(VENV)/.dev  ## Renew the generated pages of docs/
	@$(BIN)/python docs/help_pages.py

train: $(VENV)/.dev  ## Install what training and export need (torch among it)
	@echo "ready: $(BIN)/coder-train run spine --scale tiny"

vscode: $(VENV)/.dev  ## Build vscode-extension/coder.vsix
	@export PATH="$(CURDIR)/$(BIN):$$PATH"
	cd vscode-extension && npm ci --no-audit --no-fund && npm run package

lock:  ## Renew constraints.txt from an empty environment
	@fresh=$$(mktemp -d); trap 'rm -rf $$fresh' EXIT
	$(PYTHON) -m venv $$fresh
	$$fresh/bin/python -m pip install --quiet --disable-pip-version-check '.[train,rag,eval,dev]' hatchling editables torch==2.13.0
	{ sed -n '/^#/p' constraints.txt; $$fresh/bin/python -m pip freeze --exclude coder-local | sed 's/+cpu$$//'; } > constraints.new
	mv constraints.new constraints.txt

system-packages:
	@bash .ci/system-packages

clean:  ## Remove the environment and everything that was built
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache vscode-extension/node_modules vscode-extension/out

$(VENV)/bin/python:
	@bash .ci/new-environment $(PYTHON) $(VENV)

$(VENV)/.base: $(VENV)/bin/python pyproject.toml constraints.txt
	@echo "Installing Coder (llama.cpp is compiled once, which takes about six minutes on two cores) ..." >&2
	$(INSTALL) --editable .
	touch $@

$(VENV)/.dev: $(VENV)/.base
	@echo "Installing what training, tests and checks need ..." >&2
	$(INSTALL) --editable '.[train,dev]'
	bash .ci/link-node $(VENV)
	touch $@

$(VENV)/.bench: $(VENV)/.dev
	@$(INSTALL) --editable '.[train,dev,eval]'
	touch $@
