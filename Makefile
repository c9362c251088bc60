# Every target works in a fresh clone: what it needs is installed into .venv first.
PYTHON ?= python3
BIN ?= .venv/bin
# The tests start hundreds of processes, each of which would compile every module of the package anew.
unexport PYTHONDONTWRITEBYTECODE

help: ## List the targets
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "%-13s %s\n", $$1, $$2}' Makefile

.venv/bin/artifact-warehouse: pyproject.toml
	$(PYTHON) -m venv .venv
	.venv/bin/pip install --quiet --disable-pip-version-check --editable '.[test,lint]'
	touch $@

demo: $(BIN)/artifact-warehouse ## Load the samples; print a lineage; write demo.html
	@rm -f demo.duckdb
	$(BIN)/artifact-warehouse load demo.duckdb sample_artifacts/runs
	$(BIN)/artifact-warehouse lineage demo.duckdb fct_orders --up --format tree
	$(BIN)/artifact-warehouse report demo.duckdb --title "Harbour café" -o demo.html

core: $(BIN)/artifact-warehouse ## Build and install the compiled core, which is optional; needs cargo. See core/README.md
	@command -v cargo >/dev/null || { echo "the compiled core needs cargo: https://rustup.rs"; exit 1; }
	$(BIN)/pip install --quiet --disable-pip-version-check --force-reinstall --no-deps ./core

PYTEST = $(BIN)/pytest --numprocesses logical --maxprocesses 4 --dist worksteal

chromium: ## Install Debian's Chromium for the tests of the report, where it is missing and we may
	@command -v chromium chromium-browser google-chrome >/dev/null || { test "$$(id -u)" = 0 && command -v apt-get >/dev/null \
		&& apt-get install --yes --quiet chromium >/dev/null; } || echo "no Chromium: its tests of the report are skipped"

test: $(BIN)/artifact-warehouse chromium lint ## Run all checks, and the tests of every day
	$(PYTEST) -m 'not release and not spark'

test-quick: $(BIN)/artifact-warehouse ## Run the tests that need the samples only, without the slow modules
	$(PYTEST) -m 'not release and not spark and not slow and not corpus'

test-release: $(BIN)/artifact-warehouse ## Run what costs much for what it finds; see tests/README.md
	$(PYTEST) -m release

$(BIN)/.spark: $(BIN)/artifact-warehouse
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[spark]'
	touch $@

test-spark: $(BIN)/.spark ## Hold Spark's answers against DuckDB's, on a cluster on the loopback; needs Java 17
	$(BIN)/pytest -q -m spark tests/spark

lint: $(BIN)/artifact-warehouse ## Style, types, the direction of imports, and whether docs/reference/ is current
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python scripts/write_reference.py --check
	@if command -v npx >/dev/null; then npx --yes --package typescript@7 tsc --project artifact_warehouse/report/page/jsconfig.json; \
	else echo "no npm: the types of the report's page are not checked"; fi

docs: $(BIN)/artifact-warehouse ## Write docs/reference/ again, from the views, the tables and the commands
	$(BIN)/python scripts/write_reference.py

man: $(BIN)/artifact-warehouse ## Write build/artifact-warehouse.1, for man
	$(BIN)/python scripts/write_man.py

build/site-venv:
	$(PYTHON) -m venv $@
	$@/bin/pip install --quiet --disable-pip-version-check mkdocs-material

site: build/site-venv ## Build docs/ as a site into build/site; fails for a link that leads nowhere
	build/site-venv/bin/mkdocs build --strict --quiet

$(BIN)/.bench: $(BIN)/artifact-warehouse
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[bench]'
	touch $@

bench: $(BIN)/.bench ## Measure against named baselines; writes benchmarks/RESULTS.md (more than half an hour)
	$(BIN)/python benchmarks/run.py

bench-quick: $(BIN)/.bench ## The same, smaller and without the growth; prints the tables (5 minutes)
	$(BIN)/python benchmarks/run.py --quick

$(BIN)/.fuzz: $(BIN)/artifact-warehouse
	$(BIN)/pip install --quiet --editable '.[fuzz]'
	touch $@

FUZZ_SECONDS ?= 3600
FUZZ_FOLDER ?= .fuzz
fuzz: $(BIN)/.fuzz ## Fuzz for FUZZ_SECONDS, an hour unless told otherwise; see tests/fuzz/README.md
	$(BIN)/python tests/fuzz/fuzz_flatten.py $(FUZZ_FOLDER)/finds $(FUZZ_FOLDER)/corpus -max_total_time=$$(($(FUZZ_SECONDS) * 3 / 4)) \
		-max_len=200000 -timeout=30 -rss_limit_mb=1500 -print_final_stats=1 -artifact_prefix=$(FUZZ_FOLDER)/finds/
	$(BIN)/python tests/fuzz/fuzz_warehouse.py $(FUZZ_FOLDER)/finds $$(($(FUZZ_SECONDS) / 4))
	@test -z "$$(ls $(FUZZ_FOLDER)/finds)" || { echo "finds in $(FUZZ_FOLDER)/finds"; exit 1; }

samples: ## Make the sample artifacts again, with real dbt (Linux, Python 3.11, ten minutes)
	$(PYTHON) sample_artifacts/make_samples.py

picture: $(BIN)/artifact-warehouse chromium ## Draw the picture of the README again
	$(BIN)/python scripts/write_picture.py

notebooks: $(BIN)/artifact-warehouse ## Run the notebooks of docs/notebooks/ and store their outputs
	$(BIN)/python scripts/write_notebooks.py

contract: $(BIN)/artifact-warehouse ## Write sql/v1/contract.sql anew from the views; it only ever grows
	$(BIN)/python scripts/write_contract.py

dist: $(BIN)/artifact-warehouse ## Build the wheel and the sdist
	$(BIN)/pip install --quiet build && $(BIN)/python -m build

clean: ## Remove what the other targets made
	rm -rf .venv .fuzz build dist demo.duckdb demo.html benchmarks/work .pytest_cache .ruff_cache .mypy_cache .import_linter_cache .hypothesis

.PHONY: help demo core chromium test test-quick test-release test-spark lint docs bench bench-quick fuzz samples picture notebooks contract dist clean
