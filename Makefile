# `make demo` and `make test` do everything on a machine with Python 3.11 and make; the second time they need no network.
PYTHON ?= python3.11
PORT ?= 0
# Real collections of runbooks with questions and their own scorer, read in place; make eval says so where there are none.
RUNBOOK_QUESTIONS ?= $(wildcard ../shared/runbooks)
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes

.PHONY: install semantic demo test check proof e2e bench eval texts clean help

help:
	@echo "make demo    the bot and its sandbox workspace, in the browser (PORT=8765 to choose the port)"
	@echo "make install what the bot needs, into .venv; then .venv/bin/groundcrew"
	@echo "make semantic what finding runbooks by their meaning needs besides: 141 MiB, no download afterwards"
	@echo "make test    every test, on SQLite and, where there is one, PostgreSQL"
	@echo "make check   linters, types and layers alone"
	@echo "make proof   delivery proved in full, with killed processes and a hostile Slack, and a month of nudging lived: an hour or so"
	@echo "make e2e     with other programs as they are: Evidently, where it is installed"
	@echo "make bench   figures as ratios to a named reference (ONLY=name for one)"
	@echo "make eval    how well runbooks answer real questions, beside other systems (RUNBOOK_QUESTIONS=folder)"
	@echo "make texts   bring the catalogues of other languages up to date with the code (FILE=fr.po for your own)"

install: $(VENV)/.run $(VENV)/bin/groundcrew

demo: $(VENV)/.run
	@$(BIN)/python -m bot demo --port $(PORT)

semantic: $(VENV)/.run
	@$(PIP) -r requirements-semantic.lock

# Dozens of processes begin in it: what they import is compiled once, also where Python is told to keep nothing.
test: check
	@PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest -q $(if $(CI),-n 2,-n auto) --dist loadgroup $(ARGS)

check: $(VENV)/.dev
	@$(BIN)/ruff check bot handlers storage tests
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo

proof: $(VENV)/.dev
	@PROOF=full $(BIN)/python -m pytest -q tests/proofs tests/month $(ARGS)

e2e: $(VENV)/.dev
	@$(BIN)/python -m pytest -q -rs -n 0 tests/e2e $(ARGS) || test $$? -eq 5  # 5: nothing was there to try, which -rs says

bench: $(VENV)/.dev
	@$(BIN)/python -m tests.bench $(ONLY)

eval: $(VENV)/.dev
	@$(BIN)/python -m tests.eval $(RUNBOOK_QUESTIONS)

texts: $(VENV)/.dev
	@$(BIN)/python -m tests.texts $(FILE)

$(VENV)/bin/python:
	@command -v $(PYTHON) >/dev/null || { echo "Python 3.11 is needed: install it, or say where it is: make demo PYTHON=/path/to/python3.11"; exit 1; }
	@$(PYTHON) -m venv $(VENV)

# -P and PYTHONPATH: it works from any folder, and a folder called bot there is not taken for ours.
$(VENV)/bin/groundcrew: Makefile | $(VENV)/bin/python
	@printf '#!/bin/sh\nexec env PYTHONPATH="%s" "%s" -P -m bot "$$@"\n' "$(CURDIR)" "$(abspath $(BIN)/python)" > $@ && chmod +x $@

$(VENV)/.run: requirements.lock | $(VENV)/bin/groundcrew
	@test -e $(VENV)/.dev -a $(VENV)/.dev -nt requirements.lock || { echo "Installing what the bot needs, once..."; $(PIP) -r requirements.lock; }
	@touch $@

$(VENV)/.dev: requirements-dev.lock $(VENV)/.run
	@echo "Installing what the tests need, once..."
	@$(PIP) -r requirements-dev.lock
	@touch $@

clean:
	rm -rf $(VENV) build .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
