# `make help` says what there is. Everything happens inside this folder: .venv/ and var/.

PYTHON ?= python3
# Tests at once: twice two cores, because half of their time they wait for a browser, a disk or a clock. Six were slower.
JOBS ?= 4
# Databases of tests are made and thrown away: in memory they wait for no disk. Six gigabytes are those of PostgreSQL.
MEMORY := $(shell test -w /dev/shm && df -Pk /dev/shm | awk 'NR == 2 && $$4 > 10000000 { print "/dev/shm" }')
TESTS_IN := $(if $(MEMORY),TMPDIR=$(MEMORY))
# Containers often set it. Each process of the tests would then compile all files anew.
unexport PYTHONDONTWRITEBYTECODE
VENV := .venv
FUZZED := tests/payments/webhook/test_any_body.py tests/web/test_any_request.py tests/web/test_any_form.py \
	tests/delivery/licenses/test_any_key_file.py tests/delivery/licenses/test_openapi.py tests/mail/test_any_report.py \
	tests/shop/files/test_any_folder.py tests/shop/media/test_any_picture.py tests/sequences/test_any_order.py
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
COMPILE := $(BIN)/uv pip compile pyproject.toml --extra build --extra redis --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-header --no-annotate --quiet

.DEFAULT_GOAL := help
.PHONY: help run install setup wheel test check fuzz soak cluster bench pictures texts sbom audit lock clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo
	@echo "  make run takes PORT, SANDBOX_PORT, MAILBOX_PORT and SMTP_PORT: PORT=9000 make run"

run: $(VENV)/run.stamp ## Start the shop with its worker, sandbox and mailbox; Ctrl-C stops them
	@$(BIN)/storefront run

install: $(VENV)/run.stamp ## Only make the environment of a shop

setup: $(VENV)/dev.stamp ## Only make the environment, with what tests and checks need

wheel: $(VENV)/run.stamp ## Make the package of a shop in dist/, and beside it the versions that it was tested with
	@$(PIP) wheel --no-deps --no-build-isolation --wheel-dir dist .
	@cp requirements.txt dist/

test: $(VENV)/dev.stamp ## Run all tests: SQLite, PostgreSQL, browser, sandbox (minutes)
	@$(TESTS_IN) $(BIN)/pytest -n $(JOBS) --dist worksteal

check: $(VENV)/dev.stamp ## Lint, types, imports and the fast tests
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(TESTS_IN) $(BIN)/pytest -n $(JOBS) --dist worksteal -m "not slow and not browser and not postgresql and not stripe_cli"

fuzz: $(VENV)/dev.stamp ## Send thousands of strange requests, forms and files, others each time (many minutes)
	@EXAMPLES=many SEQUENCES=500 $(BIN)/pytest -n $(JOBS) $(FUZZED)

soak: $(VENV)/dev.stamp ## Sell to 10,000 buyers while programs are killed, and count what is lost (an hour or two)
	@$(BIN)/python -m tests.soak

cluster: $(VENV)/dev.stamp ## Stop each part of a shop of several machines while it sells (needs redis-server and faketime)
	@CLUSTER=1 $(BIN)/pytest tests/cluster

bench: $(VENV)/dev.stamp ## Measure requests per second beside bare endpoints
	@$(BIN)/python -m tests.benchmarks

pictures: $(VENV)/dev.stamp ## Take README's pictures of the shop anew (needs Chromium)
	@PICTURES=docs/pictures $(BIN)/pytest -q tests/devtools/samples/test_pictures.py

texts: $(VENV)/dev.stamp ## Collect the texts of buyers for translation in storefront.devtools.texts
	@$(BIN)/python -m storefront.devtools.texts

sbom: $(VENV)/dev.stamp ## List what a shop in production is made of, with licenses, in var/sbom.cdx.json
	@mkdir -p var
	@$(PYTHON) -m venv --clear var/sbom
	@var/sbom/bin/python -m pip --disable-pip-version-check --quiet install --require-hashes -r requirements.txt
	@var/sbom/bin/python -m pip --disable-pip-version-check --quiet uninstall --yes pip setuptools
	@$(BIN)/cyclonedx-py environment --pyproject pyproject.toml --output-reproducible --output-file var/sbom.cdx.json var/sbom
	@$(BIN)/python -m storefront.devtools.licenses var/sbom.cdx.json

audit: $(VENV)/dev.stamp ## Ask the public database whether a pinned package has a known vulnerability
	@$(BIN)/pip-audit --requirement requirements.txt --require-hashes --disable-pip --strict

lock: $(VENV)/dev.stamp ## Pin the newest allowed versions in requirements*.txt
	@$(PIP) install uv
	@$(COMPILE) --upgrade --output-file requirements.txt
	@$(COMPILE) --extra dev --upgrade --output-file requirements-dev.txt

clean: ## Remove the environment and the local shop's data
	rm -rf $(VENV) var

$(VENV)/python.stamp:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Storefront needs Python 3.11 or newer; this is $$($(PYTHON) --version 2>&1). Try: make run PYTHON=python3.11"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null \
		|| { echo "Python's venv is missing. Debian and Ubuntu: apt install python3-venv"; exit 1; }
	@echo "Making the environment in $(VENV) (once; about a minute)."
	@$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/run.stamp: $(VENV)/python.stamp requirements.txt pyproject.toml
	@$(PIP) install --require-hashes -r requirements.txt
	@$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/dev.stamp: $(VENV)/python.stamp requirements-dev.txt pyproject.toml
	@$(PIP) install --require-hashes -r requirements-dev.txt
	@$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@ $(VENV)/run.stamp
