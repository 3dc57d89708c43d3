# `make` alone lists the targets. Each prepares .venv first, at once where nothing changed.
PYTHON ?= python3
BIN := .venv/bin

.DEFAULT_GOAL := help
.PHONY: help setup fix check test test-slow bench docs demo lock phone setup-browser

help:
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1\t\2/p' $(firstword $(MAKEFILE_LIST)) | while IFS='	' read -r target text; do printf '  make %-13s %s\n' "$$target" "$$text"; done

setup: ## make .venv with the locked dependencies, Afield and its applications
	@$(PYTHON) -m scripts.setup

fix: setup ## format, and mend what the linter can mend
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

check: setup ## lint, types, import contracts, documentation
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/python -m pytest -q tests/architecture

test: setup ## all tests but the slow ones
	$(BIN)/python -m pytest -q -n 2 -m "not slow"

test-slow: setup ## simulations, kill loops, whole processes
	$(BIN)/python -m pytest -q -m slow --durations=10

bench: setup ## every benchmark, each against a named baseline in the same run
	$(BIN)/python -m scripts.bench

docs: setup ## write docs/reference from the docstrings
	$(BIN)/python -m scripts.reference

demo: setup ## both loops on a generated city, ending in report/report.html
	$(BIN)/afield demo surge $(DEMO)

phone: setup ## build the page that reads signs in the browser, with Node
	$(BIN)/python -m scripts.phone build

setup-browser: phone ## bring what the page's tests need: Playwright and Chromium
	$(BIN)/python -m scripts.phone browser

lock: setup
	$(BIN)/python -m scripts.lock
