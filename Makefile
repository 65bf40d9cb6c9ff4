# One word per job. Needs only Python 3.11 or newer and make.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin

.PHONY: demo web test check bench docs fuzz lock clean

demo: $(VENV)/run            ## scan a virtual home on loopback: no root, no other packages
	$(BIN)/iotscan demo

web: $(VENV)/run             ## a page to scan your own network from, for this machine alone
	$(BIN)/iotscan web

test: $(VENV)/dev            ## install what the tests need and run all of them
	sh tests/lab/install.sh
	sh tests/schemas/install.sh
	$(BIN)/python -m pytest

check: $(VENV)/dev           ## format, lint, types, layers
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(VENV)/dev           ## measure side by side with nmap, hydra, sslscan and others (root)
	sh tests/lab/install.sh
	$(BIN)/python -m benchmarks

docs: $(VENV)/dev            ## build the documents: build/docs/index.html
	$(BIN)/sphinx-build -W --keep-going -q -b html docs build/docs

FUZZ_SECONDS ?= 30
FUZZ ?=

fuzz: $(VENV)/dev            ## fuzz every reader: FUZZ_SECONDS for each, FUZZ="name …" chooses some
	$(BIN)/python tests/fuzz --seconds $(FUZZ_SECONDS) $(FUZZ)

lock: $(VENV)/dev            ## renew the lock files from pyproject.toml
	$(BIN)/python -m uv pip compile --universal --generate-hashes --no-header --no-annotate \
	    --no-emit-index-url -q pyproject.toml --extra web -o requirements.lock
	$(BIN)/python -m uv pip compile --universal --generate-hashes --no-header --no-annotate \
	    --no-emit-index-url -q pyproject.toml --all-extras --group dev -o requirements-dev.lock
	$(BIN)/python -m uv pip compile --universal --generate-hashes --no-header --no-annotate \
	    --no-emit-index-url -q pyproject.toml --extra web --extra notify \
	    -c requirements-dev.lock -o packaging/requirements.lock

clean:
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis

$(VENV)/run: requirements.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -q --require-hashes -r requirements.lock
	$(BIN)/python -m pip install -q --no-deps -e .
	touch $@

$(VENV)/dev: requirements-dev.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -q --require-hashes -r requirements-dev.lock
	$(BIN)/python -m pip install -q --no-deps -e .
	touch $@ $(VENV)/run
