# Every chore has one entry here. Plain `make` lists them.

VENV := .venv/bin
STACK := $(VENV)/python -m devstack
PG15_BIN ?= /usr/lib/postgresql/15/bin
IS_PYTHON := import sys; sys.exit(sys.version_info < (3, 11))

# The virtual environment's tools come before the machine's, for the programs that they start too.
export PATH := $(CURDIR)/$(VENV):$(PATH)

.DEFAULT_GOAL := help
.PHONY: help up down reset env status test test-pg15 test-production lint format translations bench lock install

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  make %-15s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

up: install ## Start everything and serve on http://localhost:8000 (PORT=... changes it)
	@$(STACK) up

down: ## Stop everything that `make up` started
	@if [ -x $(VENV)/python ]; then $(STACK) down; fi

reset: ## Stop everything and delete the data
	@if [ -x $(VENV)/python ]; then $(STACK) reset; fi

env: ## Print the running stack's addresses for a shell: eval "$(make -s env)"
	@if [ ! -x $(VENV)/python ]; then echo "Start the stack first: make up" >&2; exit 1; fi
	@$(STACK) env

status: install ## Show what is running and where the logs are
	@$(STACK) status

test: install ## Run the test suite on servers of its own (ARGS=... are pytest's)
	@$(VENV)/python -m pytest -n 2 $(ARGS)

test-pg15: install ## Run the tenancy, scheduling and audit tests on PostgreSQL 15
	@if [ ! -x $(PG15_BIN)/initdb ]; then \
		echo "No PostgreSQL 15 in $(PG15_BIN). Debian 12: apt install postgresql-15, or set PG15_BIN" >&2; \
		exit 1; \
	fi
	@FISIOFLOW_PG_BIN=$(PG15_BIN) $(VENV)/python -m pytest --no-cov -n 2 tests/tenants tests/scheduling tests/audit $(ARGS)

test-production: install ## Check that every role starts with production's packages only
	@rm -rf $(PRODUCTION)
	@python -m venv $(PRODUCTION)
	@$(PRODUCTION)/bin/pip install -qq --require-hashes --only-binary :all: -r requirements-production.lock
	@$(STACK) run env "PATH=$(CURDIR)/$(PRODUCTION)/bin:/usr/bin:/bin" sh -euc '\
		deploy/entrypoint.sh manage check; \
		deploy/entrypoint.sh web --check-config; \
		python -c "from fisioflow.celery import app; app.connection().ensure_connection(max_retries=1)"'
	@rm -rf $(PRODUCTION)
PRODUCTION := .fisioflow/production

lint: install ## Check format, code, types, imports, conventions, migrations and settings
	@$(STACK) run $(MAKE) --no-print-directory --keep-going --silent $(CHECKS)

format: install ## Format the code and fix what ruff can
	@ruff check --fix-only --quiet .
	@ruff format .

translations: install ## Compile the Portuguese texts after a change in locale/
	@pybabel --quiet compile --domain django --directory locale

bench: install ## Run the benchmarks on servers of their own (ARGS=... choose)
	@$(STACK) run --durable python -m benchmarks $(ARGS)

lock: install ## Rewrite the locks from pyproject.toml (ARGS=--upgrade: newest versions)
	@uv pip compile $(LOCK_OPTIONS) --extra dev -o requirements.lock pyproject.toml $(ARGS)
	@uv pip compile $(LOCK_OPTIONS) -c requirements.lock -o requirements-production.lock pyproject.toml
# If the lock lacked its extras, pip would take `coverage[toml]` for unpinned once a newer coverage is out.
LOCK_OPTIONS := --universal --python-version 3.11 --fork-strategy fewest --generate-hashes \
	--no-emit-index-url --no-strip-extras --no-header --no-annotate --quiet

# --- What the targets above are made of --------------------------------------------------------

install:
	@for python in $(PYTHON) python3.11 python3; do \
		if $$python -I -c '$(IS_PYTHON)' 2>/dev/null; then \
			exec $$python -I devstack/install.py; \
		fi; \
	done; \
	echo "Python 3.11 or newer is needed. Install it, or name it: make PYTHON=/path/to/python" >&2; \
	exit 1

CHECKS := check-format check-code check-types check-imports check-conventions check-migrations check-settings
.PHONY: $(CHECKS)

# $(call check,what is checked,command,what to do when it fails): the command's output is shown only
# when it fails.
define check
	@printf '%-12s' '$(1)'; \
	if output=$$($(2) 2>&1); then \
		echo ok; \
	else \
		printf 'FAILED\n%s\n=> %s\n\n' "$$output" '$(3)'; exit 1; \
	fi
endef

check-format:
	$(call check,format,ruff format --check --quiet .,Run: make format)

check-code:
	$(call check,code,ruff check --quiet .,Run: make format. It repairs what it can; "ruff rule NAME" explains the rest)

check-types:
	$(call check,types,mypy,Repair the lines above: mypy runs strict)

check-imports:
	$(call check,imports,lint-imports --no-logo,Imports go one way and every module has a layer: see pyproject.toml. The thing may live in the wrong app)

check-conventions:
	$(call check,conventions,python -m pytest $(WITHOUT_SERVERS) $(CONVENTIONS),Each line above says what to do)
# Lengths of files, layers of apps, names, codes, roles in the documents. Imports have a check of their own.
CONVENTIONS := $(wildcard tests/test_architecture.py tests/test_conventions.py tests/test_docs*.py tests/test_services.py) \
	--deselect tests/test_architecture.py::test_every_import_keeps_to_its_layer
WITHOUT_SERVERS := --no-servers --no-cov -qq -rN --tb=line --show-capture=no

check-migrations:
	$(call check,migrations,python manage.py makemigrations --check --dry-run,Run: python manage.py makemigrations --name what_changes)

check-settings:
	$(call check,settings,env HTTPS=true DOCUMENT_SCANNER=patients.scanning.ClamdScanner python manage.py check --deploy --fail-level WARNING,Each line above has a hint)
