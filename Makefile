# Every command sets up what it needs: a virtual environment with the packages of the lock file.
# A machine needs Python 3.11 to 3.13, make and a C library; with npm the explorer is GraphiQL instead of a plain page.

# the first that runs and fits: a name may be found and still be no Python, as the shims of version managers are
PYTHON ?= $(shell for p in python3.12 python3.11 python3.13 python3; do \
  $$p -c 'import sys, venv; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null && command -v $$p && break; done)
VENV   := .venv
BIN    := $(VENV)/bin
UV     := $(BIN)/uv --no-config --quiet
PYTEST := $(BIN)/pytest
ROOMS  := ai benchmarks core examples graph migrations models resolvers schema server services tests workers
SDL    := schema/schema.graphql

# what is imported is compiled once and kept, whatever the shell says of that: compiling it all takes longer than a start
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help run test test-browser check fmt schema migration migrate bench verify-audit clean lint types imports dead sdl drift

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: $(VENV)/run.stamp web/dist/index.html ## Start everything on one port: stores, tables, demo workspace, API and workers
	@exec $(BIN)/python -m server

test: $(VENV)/dev.stamp ## Run the whole test suite, in parallel, on the embedded stores
	@$(PYTEST) -n 2 --dist worksteal -q --ignore tests/browser $(args)

test-browser: $(VENV)/dev.stamp web/dist/index.html ## Look at the explorer in Chromium; screenshots go to .artefacts
	@$(PYTEST) -n 2 --dist worksteal -q tests/browser $(args)

check: $(VENV)/dev.stamp lint types imports dead sdl drift ## Check format, lint, types, imports, dead code, schema and migrations
	@echo "check: all good"

lint: $(VENV)/dev.stamp
	@$(BIN)/ruff format --check --quiet . && $(BIN)/ruff check --quiet .

types: $(VENV)/dev.stamp
	@$(BIN)/pyright

imports: $(VENV)/dev.stamp
	@$(BIN)/lint-imports

dead: $(VENV)/dev.stamp
	@$(BIN)/python -m tests.dead_code

sdl: $(VENV)/dev.stamp
	@$(BIN)/python -m server.sdl --check $(SDL)

drift: $(VENV)/dev.stamp
	@$(PYTEST) -q tests/contracts/test_migrations.py

fmt: $(VENV)/dev.stamp ## Format the code, and repair what the linter can
	@$(BIN)/ruff check --fix --quiet . ; $(BIN)/ruff format --quiet .

schema: $(VENV)/dev.stamp ## Write the schema's text, after a change of types
	@$(BIN)/python -m server.sdl $(SDL)

migration: $(VENV)/dev.stamp ## Write a migration from the models: make migration m="what it does"
	@test -n "$(m)" || { echo 'say what it does: make migration m="add deals"'; exit 2; }
	@$(BIN)/python -m server.migrate --new "$(m)"

migrate: $(VENV)/run.stamp ## Bring the database in DATABASE_URL to the newest revision
	@$(BIN)/python -m server.migrate

bench: $(VENV)/dev.stamp ## Measure, beside something else in the same run
	@$(BIN)/python -m benchmarks

verify-audit: $(VENV)/run.stamp ## Walk every workspace's audit log, and report a broken chain
	@$(BIN)/python -m server.verify_audit

clean: ## Remove what the commands made, but not your data
	@rm -rf $(VENV) web/node_modules web/dist tests/clients/node_modules .pytest_cache .ruff_cache .import_linter_cache .hypothesis

$(VENV)/uv.stamp: bootstrap.lock
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed: install it, or say PYTHON=/path/to/python3"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' \
	  || { echo "Python 3.11, 3.12 or 3.13 is needed: say PYTHON=/path/to/it"; exit 1; }
	@echo "Making the environment ..."
	@$(PYTHON) -m venv $(VENV) || { echo "python3 -m venv failed: on Debian, apt-get install python3-venv"; exit 1; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-input --require-hashes -r bootstrap.lock
	@touch $@

$(VENV)/run.stamp: $(VENV)/uv.stamp requirements.lock pyproject.toml
	@echo "Installing packages ..."
	@$(UV) pip install --python $(BIN)/python --require-hashes -r requirements.lock
	@$(UV) pip install --python $(BIN)/python --no-deps --editable .
	@touch $@

$(VENV)/dev.stamp: $(VENV)/uv.stamp requirements-dev.lock pyproject.toml
	@echo "Installing packages for development ..."
	@$(UV) pip install --python $(BIN)/python --require-hashes -r requirements-dev.lock
	@$(UV) pip install --python $(BIN)/python --no-deps --editable .
	@touch $@ $(VENV)/run.stamp

# Without npm, or when the build fails, the API shows its plain page instead. A build that failed is not tried again until
# its sources change, or web/build.log is removed.
web/dist/index.html: web/package-lock.json $(wildcard web/src/*) $(wildcard web/plain/*.js) web/plain/colors.css $(wildcard web/*.js) $(wildcard web/*.html)
	@if command -v npm >/dev/null && [ -z "$$(find web/build.log -newer web/package-lock.json 2>/dev/null)" ]; then \
	  echo "Building the explorer ..."; \
	  (cd web && npm ci --ignore-scripts --no-audit --no-fund --silent && npm run build --silent) >/dev/null 2>web/build.log \
	    && rm -f web/build.log && touch $@ || { rm -rf web/dist; echo "The explorer could not be built (see web/build.log): the plain page is shown."; }; \
	fi
