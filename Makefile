# Every target does its own set-up in .venv; all it needs is Python 3.11 or newer with pip, and make.
PYTHON ?= python3
ARGS ?=
PART ?=

BIN := .venv/bin
READY := .venv/ready

.DEFAULT_GOAL := help
.PHONY: help demo test browser check fix bench docs prove lock

help: ## Say what can be made
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo '  Options are passed on: make demo ARGS="--headless", make test ARGS="-k approve"'

demo: $(READY) ## Open a chat with a broken shop to roll back, on this machine alone
	@$(BIN)/twokey demo $(ARGS)

test: $(READY) ## Run the tests
	@$(BIN)/python -m pytest --numprocesses auto --dist loadfile --no-loadscope-reorder $(ARGS)

browser: ## Install Chromium, for the tests that look at pages
	@if command -v chromium >/dev/null; then echo "Chromium is there."; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		echo "Installing Chromium."; \
		apt-get -qq update && apt-get -qq install -y --no-install-recommends chromium fonts-noto-color-emoji \
			>/dev/null; \
	else \
		echo "Chromium is missing, and only root may install it here." >&2; \
		echo "Install your system's chromium package, or skip it: the page tests then skip." >&2; \
		exit 1; \
	fi

check: $(READY) ## Check style, types and import directions
	@$(BIN)/ruff check --quiet
	@$(BIN)/ruff format --check --quiet
	@$(BIN)/mypy --no-error-summary
	@$(BIN)/basedpyright --level error
	@$(BIN)/lint-imports --no-cache

fix: $(READY) ## Mend what a machine can mend
	@$(BIN)/ruff check --fix --quiet
	@$(BIN)/ruff format --quiet

bench: $(READY) ## Measure speed
	@$(BIN)/python -m tests.bench $(ARGS)

docs: $(READY) browser ## Draw the pictures of the documentation again
	@$(BIN)/python docs/pictures.py $(ARGS)

prove: $(READY) ## Run one long proof: make prove PART=workspace
	@test -n "$(PART)" -a -d tests/prove/$(PART) || { echo "make prove PART=… takes one of:" \
		$$(cd tests/prove && echo [a-z]*/ | tr -d /) >&2; exit 1; }
	@$(BIN)/python -m pytest tests/prove/$(PART) $(ARGS)

lock: $(READY) ## Lock the newest versions of all dependencies
	@$(BIN)/uv pip compile pyproject.toml --quiet --upgrade --all-extras --universal \
		--python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate \
		--custom-compile-command "make lock" --output-file requirements.lock

# pip works from outside the environment: a system that ships venv without pip is enough.
$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Twokey needs Python 3.11 or newer: make PYTHON=python3.12 …" >&2; exit 1; }
	@test -x $(BIN)/python || { echo "Making .venv"; $(PYTHON) -m venv --without-pip .venv; }
	@echo "Installing the locked libraries, each checked by its hash (1 to 3 minutes the first time)"
	@$(PYTHON) -m pip --python $(BIN)/python install -qq --disable-pip-version-check \
		--require-hashes -r requirements.lock
	@echo "Installing Twokey"
	@$(PYTHON) -m pip --python $(BIN)/python install -qq --disable-pip-version-check \
		--no-deps --no-build-isolation --editable .
	@touch $@
