# Everything that people and CI run. Each target makes .venv and installs into it first where that is needed.
VENV ?= .venv
RUN := $(VENV)/bin
READY := $(VENV)/.installed
# Interpreters to try, best known first; PYTHON=/path/to/python chooses one. Each is run, because a name on the PATH may
# be a shim with nothing behind it, and asked for ensurepip, which Debian's python3 has only with python3-venv.
PYTHON ?= $(shell for p in python3.11 python3.12 python3.13 python3 /usr/bin/python3; do \
	$$p -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)

.PHONY: setup app demo test lint types bench snapshots chromium help
.DEFAULT_GOAL := help

help: ## Say what the targets do
	@sed -n 's/^\([a-z]*\):[^#]*## /  make \1\t/p' $(MAKEFILE_LIST)

setup: $(READY) ## Make .venv and install the project with its development tools

$(READY): pyproject.toml
	@[ -n "$(PYTHON)" ] || { echo "Python 3.11 or newer with venv is needed and was not found. On Debian and Ubuntu: apt-get" \
		"install python3-venv; or name one with make PYTHON=/path/to/python" >&2; exit 1; }
	@echo "Making $(VENV) with $$($(PYTHON) --version) and installing (torch is large; minutes on a slow line)"
	@[ -x $(RUN)/pip ] || $(PYTHON) -m venv $(VENV)
	$(RUN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@

app: $(READY) ## Open the app in the browser
	$(RUN)/tryroom app

demo: $(READY) ## Dress the demo people in recommended garments: demo-output/index.html
	$(RUN)/tryroom demo --out demo-output

# Two at a time: most tests wait, or compute on one core. Files stay whole, so that each opens its networks once.
test: $(READY) chromium ## Run all tests, the ones in a real browser included
	OMP_NUM_THREADS=1 $(RUN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

lint: $(READY) ## Check style, formatting and who may import whom
	$(RUN)/ruff check .
	$(RUN)/ruff format --check .
	$(RUN)/lint-imports

types: $(READY) ## Check types
	$(RUN)/mypy

bench: $(READY) ## Measure speed, memory, prints and seeds into docs/benchmarks/
	$(RUN)/python -m benchmarks

snapshots: $(READY) ## Accept the pictures of this run as the reference of the snapshot tests
	$(RUN)/python -m pytest tests/snapshots --accept-snapshots

chromium: # The browser of the app's tests; without it and without rights to install it, those tests say so.
	@command -v chromium chromium-browser google-chrome >/dev/null || \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		echo "Installing Debian's chromium for the tests of the app"; \
		apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium >/dev/null; \
	else echo "No chromium found; install it to run the tests in a browser" >&2; fi
