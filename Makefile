# Everything a contributor does, by one word each. Needs Python >= 3.11 and make; the rest is installed into $(VENV).

.POSIX:

VENV ?= .venv
PYTHON ?= python3
JOBS ?= $$(($$(getconf _NPROCESSORS_ONLN) * 2))
QUICK ?= tests/unit tests/machine

# What tests start a thousand times is compiled once, also where the environment says that nothing compiled is kept.
export PYTHONDONTWRITEBYTECODE =

BIN = $(VENV)/bin
INSTALL = $(BIN)/python -m pip install --quiet --disable-pip-version-check
LOCK = lock.venv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
	--no-emit-index-url --no-config
NEW_ENOUGH = -c 'import sys; sys.exit(sys.version_info < (3, 11))'

help: ## Show what there is
	@sed -n 's/^\([a-z]*\):.*## /  make \1~/p' Makefile | awk -F '~' '{ printf "%-15s %s\n", $$1, $$2 }'

demo: $(VENV)/.installed ## Run the demonstration flow
	@$(BIN)/runwright demo

test: $(VENV)/.installed-test ## Run all tests (JOBS=0: in one process)
	@$(BIN)/python -m pytest -n $(JOBS) --maxprocesses 8 --dist worksteal

unit: $(VENV)/.installed-test ## Run the quick tests only
	@$(BIN)/python -m pytest -n $(JOBS) --maxprocesses 8 --dist worksteal $(QUICK)

# What tests a database or the server more than the Python beneath.
NOT_AGAIN = --ignore=tests/unit/server --ignore-glob='tests/unit/stores/test_postgres*' --ignore=tests/unit/stores/test_equal_records.py

versions: ## Run the unit tests, but for the long ones of databases and the server, on every newer Python that is here
	@for python in python3.12 python3.13 python3.14 "$$HOME"/.pyenv/versions/3.1[2-9]*/bin/python3; do \
		version=$$("$$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null) || continue; \
		[ -e .venv-$$version/.tested ] && continue; \
		echo "Python $$version"; \
		$(MAKE) --no-print-directory unit QUICK="tests/unit $(NOT_AGAIN)" VENV=.venv-$$version PYTHON="$$python" || exit 1; \
		touch .venv-$$version/.tested; tested="$$tested .venv-$$version/.tested"; \
	done; rm -f $$tested

lint: $(VENV)/.installed-dev ## Check style, format and the direction of imports
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/lint-imports --no-logo --no-cache

format: $(VENV)/.installed-dev ## Rewrite the code in the one format
	@$(BIN)/ruff check --fix
	@$(BIN)/ruff format

types: $(VENV)/.installed-dev ## Check the types
	@PYRIGHT_PYTHON_IGNORE_WARNINGS=1 $(BIN)/pyright --pythonpath $(BIN)/python

bench: $(VENV)/.installed-test ## Measure
	@$(BIN)/python -m bench

clients: ## Install the clients of other systems that the server is tested with, each by itself
clients: APART = 'prefect1:prefect==1.4.1,marshmallow<4' prefect3:prefect==3.9.1 \
	kestra1:kestra==1.3.0,kestrapy==1.3.1,regex kestra2:kestra==2.0.0,kestrapy==2.0.3,regex
peers: ## Install the engine that `python -m bench peers` measures beside ours
peers: APART = dbos:dbos==3.4.0,pysqlite3-binary==0.5.4.post2
clients peers:
	@for each in $(APART); do \
		folder=.$@/$${each%%:*}; \
		[ -e $$folder/.installed ] && continue; \
		$(PYTHON) -m venv --clear $$folder && $$folder/bin/python -m pip install --quiet --disable-pip-version-check \
			$$(echo "$${each#*:}" | tr , ' ') || exit 1; \
		touch $$folder/.installed; \
	done

docs: $(VENV)/.installed-test ## Run every code block of the documentation
	@$(BIN)/python -m pytest tests/docs

check: lint types test ## All that must hold before a commit

lock: ## Renew requirements/*.lock from pyproject.toml (UPGRADE=--upgrade: newest versions)
	@$(PYTHON) $(NEW_ENOUGH) && $(PYTHON) -m venv --clear lock.venv
	@lock.venv/bin/python -m pip install --quiet --disable-pip-version-check uv
	$(LOCK) $(UPGRADE) pyproject.toml --group dev --group build --output-file requirements/dev.lock
	$(LOCK) pyproject.toml --constraint requirements/dev.lock --output-file requirements/runtime.lock
	$(LOCK) --group build --constraint requirements/dev.lock --output-file requirements/build.lock
	$(LOCK) pyproject.toml --group test --constraint requirements/dev.lock --output-file requirements/test.lock
	@rm -rf lock.venv

clean: ## Remove all that make made
	@rm -rf .venv .venv-* .clients .peers lock.venv build dist .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	@find src tests -type d -name __pycache__ -prune -exec rm -rf {} +

# The environment is made once, and brought up to date whenever a lock or pyproject.toml is newer than the stamp.
$(VENV)/.installed: pyproject.toml requirements/build.lock requirements/runtime.lock
	@set -e; \
	if ! $(BIN)/python $(NEW_ENOUGH) 2>/dev/null; then \
		found=; \
		for candidate in $(PYTHON) python3.20 python3.19 python3.18 python3.17 python3.16 python3.15 python3.14 \
			python3.13 python3.12 python3.11; do \
			if "$$candidate" $(NEW_ENOUGH) 2>/dev/null; then found=$$candidate; break; fi; \
		done; \
		if [ -z "$$found" ]; then \
			echo 'Runwright needs Python 3.11 or newer and found none. Install one, or name it: make PYTHON=/path/to/python3' >&2; \
			exit 1; \
		fi; \
		echo "Making $(VENV) with $$found"; \
		"$$found" -m venv --clear $(VENV) || { \
			echo "$$found cannot make virtual environments (on Debian and Ubuntu: install its python3-venv package)." >&2; \
			exit 1; \
		}; \
	fi
	@$(INSTALL) --require-hashes -r requirements/build.lock -r requirements/runtime.lock
	@$(INSTALL) --no-build-isolation --no-deps --editable .
	@touch $@

$(VENV)/.installed-test: $(VENV)/.installed requirements/test.lock
	@$(INSTALL) --require-hashes -r requirements/test.lock
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed-test requirements/dev.lock
	@$(INSTALL) --require-hashes -r requirements/dev.lock
	@touch $@

.PHONY: help clients peers demo test unit versions lint format types bench docs check lock clean
