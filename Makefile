# Everything runs in .venv, which has pinned dependencies. Needs Python 3.11 or newer.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: demo test fast mutants lint types contracts bench integration wheel bundle screenshots clean

demo: $(READY)
	@$(BIN)/audittui demo

test: $(READY)
	$(BIN)/pytest -n auto --dist worksteal -q

# The tests most likely to differ between versions of Python, in less than a minute:
# make fast PYTHON=python3.13 VENV=.venv-3.13
FAST := tests/layout tests/runbook tests/export tests/ingest tests/integrity/test_outside.py \
  tests/integrity/test_tlog.py tests/store/test_sqlite_file.py tests/store/test_wire.py \
  tests/cli/test_commands.py tests/tui/test_keymap.py tests/tui/test_first_frame.py \
  tests/test_entry.py tests/test_formats_doc.py tests/test_import_hygiene.py \
  tests/test_regular.py tests/test_timestamp.py tests/test_whole_file.py

fast: $(READY)
	$(BIN)/pytest -n auto -q $(FAST)

# Do the tests notice a wrong line in the core? tests/mutants.toml says which tests judge which files.
# MUTANTS="audittui/query/cursor.py" tries the mutants of one file; --help lists the options.
mutants: $(READY)
	$(BIN)/python -m tests.mutation.run $(MUTANTS)

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(READY)
	$(BIN)/mypy

contracts: $(READY)
	$(BIN)/lint-imports

# The storage contract tests against the DynamoDB Local at AUDITTUI_TEST_ENDPOINT.
integration: $(READY)
	$(BIN)/pytest -q -m dynamodb_local

# Compares with the usual tools. Reading a table needs the DynamoDB Local at AUDITTUI_TEST_ENDPOINT;
# the AWS CLI and aiodynamo are installed in a separate environment.
bench: $(READY)
	$(PYTHON) -m venv .bench
	.bench/bin/python -m pip install --quiet --disable-pip-version-check -r benchmarks/requirements.txt
	$(BIN)/python benchmarks/run.py
	$(BIN)/python benchmarks/decode.py
	$(BIN)/python benchmarks/sweep.py
	$(BIN)/python benchmarks/start.py
	$(BIN)/python -m benchmarks.list
	test -z "$$AUDITTUI_TEST_ENDPOINT" || \
	  AUDITTUI_BENCH_BIN=$(CURDIR)/.bench/bin $(BIN)/python benchmarks/drain.py

# The release: dist/audittui-*.whl and dist/audittui-*.tar.gz.
wheel: $(READY)
	$(BIN)/python -m hatchling build

# An installer for machines without a network: dist/audittui-bundle.tar.gz.
bundle: $(READY)
	$(BIN)/python .ci/bundle.py

screenshots: $(READY)
	$(BIN)/python docs/screenshots.py

$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "audittui needs Python 3.11 or newer; try: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@

clean:
	rm -rf .venv .venv-* .bench dist build
