# Two commands are enough: `make run` serves Soliloquy, `make test` checks it. Neither needs anything before it.

PYTHON ?= python3
PORT ?= 8501
ADDRESS ?= 127.0.0.1
VENV := .venv
BIN := $(VENV)/bin

PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet -c constraints.txt

.PHONY: help setup run test lint clean
.DEFAULT_GOAL := help

help:
	@echo "make setup         create $(VENV) and install Soliloquy"
	@echo "make run           set up, then serve on http://$(ADDRESS):$(PORT); another port: make run PORT=8600"
	@echo "make test          set up with the test tools, then run all tests; some only: make test ARGS=tests/cases"
	@echo "make lint          check formatting, style and types"
	@echo "make clean         remove $(VENV) and everything that was built; your data stays"

setup: $(VENV)/.installed

run: setup
	@$(BIN)/soliloquy serve --port $(PORT) --address $(ADDRESS)

test: $(VENV)/.installed-test
	$(BIN)/python -m pytest $(ARGS)

lint: $(VENV)/.installed-test
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

clean:
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .ruff_cache .mypy_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The stamps are younger than what they were made from, so a second run has nothing to do and a changed pin reinstalls.
$(VENV)/.installed: pyproject.toml constraints.txt | $(BIN)/python
	@echo "Installing Soliloquy and its libraries into $(VENV); this takes a minute or two the first time."
	@$(PIP) -e .
	@touch $@

$(VENV)/.installed-test: $(VENV)/.installed
	@echo "Installing the test tools and the trainer into $(VENV)."
	@$(PIP) -e ".[test,train]"
	@touch $@

$(BIN)/python:
	@command -v $(PYTHON) >/dev/null || { echo "$(PYTHON) was not found: install Python 3.11 or newer (Debian, Ubuntu: sudo apt install python3 python3-venv)." >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Soliloquy needs Python 3.11 or newer, and $(PYTHON) is $$($(PYTHON) -V 2>&1): name a newer one, such as: make setup PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "The venv module of $(PYTHON) is missing: install it (Debian, Ubuntu: sudo apt install python3-venv)." >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); exit 1; }
