# One command each for set-up, checks, tests and servers, the same on a laptop and in CI. `make help` lists them.

SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

VENV := .venv
BIN := $(VENV)/bin
PYTHONS := $(or $(PYTHON),python3.12 python3.13 python3.11 python3 python)
CLIP := experiments/synthetic/clip/climb.mp4
JOBS ?= 2
WORKERS ?= 1

# The environment is made anew when one of these changes, and left alone (no network) otherwise.
SOURCES := requirements.txt pyproject.toml docker/system-packages.txt
READY := $(VENV)/ready-$(shell cat $(SOURCES) | cksum | tr ' ' '-')

# In CI the evaluation data lie beside the clone.
ifneq ($(wildcard ../shared/data),)
export ASCENSION_DATA ?= $(abspath ../shared/data)
endif

# None of the programs that we start may report home or look for news.
export BENTOML_DO_NOT_TRACK := True
export MLFLOW_DISABLE_TELEMETRY := true
export DO_NOT_TRACK := true
export MLFLOW_SERVER_ENABLE_JOB_EXECUTION := false

.PHONY: help setup demo test check bench lab up lock clean

help: ## List the targets
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 10

setup: $(READY) ## Make the Python environment in .venv (every other target does so by itself)

demo: $(READY) ## Analyse the repository's own clip into demo/
	$(BIN)/ascension models pull >/dev/null
	$(BIN)/ascension analyze $(CLIP) --out demo
	@echo "Look at demo/report.html and demo/overlay.mp4"

test: $(READY) ## Run all tests
	$(BIN)/ascension models pull >/dev/null
	$(BIN)/python -m pytest -n $(JOBS) --dist loadfile --no-loadscope-reorder

check: $(READY) ## Lint, format, types, layers, stripped notebooks
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	git ls-files -z '*.ipynb' | xargs -0 -r $(BIN)/nbstripout --verify

bench: $(READY) ## Measure speed: poses and jobs against plain MediaPipe and papermill, services against their pipeline
	$(BIN)/ascension models pull >/dev/null
	$(BIN)/ascension bench pose $(CLIP)
	$(BIN)/ascension bench jobs
	$(BIN)/ascension bench serving $(CLIP)

lab: $(READY) ## JupyterLab with MLflow and the servers beside it, on loopback, without workers; Ctrl-C stops all
	$(BIN)/ascension up --workers 0

up: $(READY) ## Run all of it on this machine: servers, MLflow, workers, scheduler, JupyterLab; Ctrl-C stops all
	$(BIN)/ascension models pull >/dev/null
	$(BIN)/ascension up --workers $(WORKERS)

# backports-strenum 1.3 is for Python below 3.11 only, which uv overlooks and pip does not.
lock: ## Make requirements.txt anew from pyproject.toml (needs uv and a network)
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
	    --upgrade-package 'backports-strenum<1.3' --group dev pyproject.toml --output-file requirements.txt >/dev/null
	! grep -niE '://|find-links' requirements.txt

clean: ## Remove what targets made, except .venv and the models
	rm -rf demo out build dist .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -not -path './$(VENV)/*' -prune -exec rm -rf {} +

$(READY):
	@.ci/setup $@ $(PYTHONS)
