# The commands of this repository. `make` alone lists them.
# Needs GNU make, git and Python 3.11 to 3.13; everything else goes into .venv.

PYTHON         ?= python3
CORES          ?= all
COHORT         ?=
SNAKEMAKE_ARGS ?=
PYTEST_ARGS    ?=
WORKERS        ?= 2

bin   := .venv/bin
stamp := .venv/.lock-installed
compiled := .venv/.kernels-compiled
# The tests of a file stay together, for what they share is made once; files in order, for the longest (tests/cluster) is an early one.
pytest = $(bin)/python -m pytest --numprocesses $(WORKERS) --dist loadfile --no-loadscope-reorder

# Modules loaded on a cluster often set PYTHONPATH; other people's packages would then shadow the locked ones.
unexport PYTHONPATH
export COHORT

.DEFAULT_GOAL := help
.PHONY: help setup run verify unlock geo test test-all lint format docs benchmark lock clean distclean

help: ## list the commands
	@echo "make COMMAND [VARIABLE=value]"
	@echo
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  \1|\2/p' Makefile | awk -F '|' '{ printf "%-12s %s\n", $$1, $$2 }'
	@echo
	@echo "  COHORT=my/cohort.yaml   the cohort to run           CORES=4   how many cores it may take"
	@echo "  SNAKEMAKE_ARGS=...      more options of snakemake   PYTHON=python3.12   the Python of .venv"
	@echo "  PYTEST_ARGS=...         more options of pytest          WORKERS=2   how many tests at a time"
	@echo
	@echo "  When something goes wrong: docs/reliability.md"

# What is installed is right as long as this line stays the same: the place, the interpreter, the lock.
state = $(CURDIR) $$($(bin)/python -V 2>&1) $$(cksum < requirements.lock)
# The same for the kernels of the fit, which are compiled into a folder that the user can write (see docs/statistics.md).
kernels = $(state) $$(cat scripts/lateralis/model/engine/*.py | cksum)

setup: ## make .venv and install what requirements.lock pins (done again only when it must be)
	@test "$$(cat $(stamp) 2>/dev/null)" = "$(state)" || $(MAKE) --no-print-directory .install
	@test "$$(cat $(compiled) 2>/dev/null)" = "$(kernels)" || { \
	  echo "Compiling the kernels of the fit (some 20 seconds, once)"; \
	  $(bin)/python scripts/compile_kernels.py && echo "$(kernels)" > $(compiled); }

# Without a stamp of this place and interpreter, .venv is absent, interrupted or foreign: it is made anew. With one, only
# the lock has changed. The stamp goes first and comes back last, so an interrupted installation is never taken for done.
# The lock is complete, hence --no-deps: pip would look for `pandas[parquet]`, which one package asks for, beyond the pins.
.PHONY: .install
.install:
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null || { \
	  echo "lateralis needs Python 3.11, 3.12 or 3.13; '$(PYTHON)' is $$($(PYTHON) -V 2>&1)." >&2; \
	  echo "Name another one: make setup PYTHON=/path/to/python3.12" >&2; exit 1; }
	@case "$$(cat $(stamp) 2>/dev/null)" in \
	  "$(CURDIR) $$($(bin)/python -V 2>&1) "*) rm -f $(stamp) ;; \
	  *) echo "Making .venv with $$($(PYTHON) -V)"; rm -rf .venv; $(PYTHON) -m venv .venv || { \
	     rm -rf .venv; echo "'$(PYTHON) -m venv' failed (on Debian and Ubuntu: apt install python3-venv)." >&2; exit 1; } ;; \
	esac
	@echo "Installing requirements.lock into .venv (some seconds with uv, a minute or two with pip)"
	@if command -v uv >/dev/null 2>&1; then \
	  uv pip install --quiet --python $(bin)/python --no-deps --require-hashes -r requirements.lock && exit 0; \
	  echo "uv could not; trying pip" >&2; \
	fi; \
	$(bin)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements.lock
	@echo "$(state)" > $(stamp)

run: setup ## run the demo cohort, or COHORT=my/cohort.yaml
	@$(bin)/python scripts/release_lock.py
	@$(bin)/snakemake --cores $(CORES) $(SNAKEMAKE_ARGS) $(if $(COHORT),--config "cohorts=[\"$$COHORT\"]")

verify: setup ## hold results and inputs against the checksums of their run (see docs/reliability.md)
	@$(bin)/python scripts/verify_results.py $(if $(COHORT),"$$COHORT")

unlock: setup ## remove the lock of a killed run, once you know that it is at work nowhere
	@$(bin)/snakemake --unlock --cores 1 $(if $(COHORT),--config "cohorts=[\"$$COHORT\"]") && rm -rf .snakemake/lateralis

geo: setup ## write what a submission to NCBI GEO needs of the cohort (docs/provenance.md)
	@$(bin)/snakemake geo --cores $(CORES) $(SNAKEMAKE_ARGS) $(if $(COHORT),--config "cohorts=[\"$$COHORT\"]")

test: setup lint ## lint, then every test but the slow ones
	@$(pytest) -m "not slow" $(PYTEST_ARGS)

test-all: setup lint ## lint, then every test
	@$(pytest) $(PYTEST_ARGS)

lint: setup ## check style, types, import floors and rules
	$(bin)/ruff check
	$(bin)/ruff format --check
	$(bin)/snakefmt --check Snakefile workflow/rules
	$(bin)/mypy
	PYTHONPATH=scripts $(bin)/lint-imports
	$(bin)/snakemake --lint

format: setup ## put code and rules into the house's format
	$(bin)/ruff check --fix --exit-zero
	$(bin)/ruff format
	$(bin)/snakefmt Snakefile workflow/rules

docs: setup ## render config/README.md and workflow/schemas from the config models
	$(bin)/python scripts/render_config_docs.py

benchmark: setup ## measure speed and memory beside PyDESeq2 and R's packages (BENCHMARK_ARGS="--help" lists options)
	@$(bin)/python benchmarks/run.py $(BENCHMARK_ARGS)

lock: ## pin the dependencies of pyproject.toml anew (needs uv)
	uv lock
	@{ echo "# What make setup installs: every dependency of pyproject.toml, pinned, with hashes. Made by: make lock"; \
	   uv export --quiet --frozen --no-emit-project --no-header; } > requirements.lock.new
	@! grep -n '://' requirements.lock.new
	@mv requirements.lock.new requirements.lock

clean: ## remove caches and build products; results/, .snakemake/ and .venv stay
	rm -rf .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .coverage* build dist scripts/*.egg-info
	find scripts tests workflow benchmarks -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true

distclean: clean ## remove .venv as well
	rm -rf .venv
