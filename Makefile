# Two commands for a newcomer: `make demo` and `make test`. Both install all they need into .venv.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: help demo test lint check bench eval install install-dev clean

help:
	@echo "make demo   install, then ask about a picture in examples/ (no key, no network model)"
	@echo "make test   install, then lint, types, layers and every test"
	@echo "make bench  print speed figures as ratios to their peers"
	@echo "make eval DATA=folder  score the embedded engine on a folder with a truth.json"
	@echo "make clean  remove the virtual environment and caches"

demo: install
	@$(BIN)/qwen-vision analyze examples/receipt.png "What is in this image?" --engine local

test: lint
	@$(BIN)/python -m coverage erase
	$(BIN)/python -m coverage run -m pytest --quiet
	@$(BIN)/python -m coverage combine --quiet
	$(BIN)/python -m coverage report --skip-covered

lint: install-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: install-dev
	$(BIN)/python -m benchmarks

eval: install-dev
	@test -n "$(DATA)" || { echo "Say which folder: make eval DATA=folder"; exit 2; }
	@$(BIN)/python -m benchmarks.evaluate "$(DATA)"

install: $(VENV)/.installed
install-dev: $(VENV)/.installed-dev

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or newer is needed; this is $$($(PYTHON) --version). Run: make PYTHON=python3.12 ..."; exit 1; }
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade pip

$(VENV)/.installed: pyproject.toml | $(BIN)/python
	@echo "Installing qwen-vision into $(VENV) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[embedded,server]'
	@touch $@

$(VENV)/.installed-dev: pyproject.toml | $(BIN)/python
	@echo "Installing qwen-vision and its test tools into $(VENV) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[embedded,server,dev]'
	@touch $@ $(VENV)/.installed

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .coverage*
