# ketum: `make run` and `make test` are all that is needed to begin. See `make help`.
#
# They need make, python3 (3.11 to 3.13, with venv) and a package index. Another Python:
# `PYTHON=python3.12 make run`. More options for the job: `make run ARGS="--archive DIR"`.

PYTHON ?= python3
ARGS ?=
SLOW ?=

VENV := .venv
PY := $(VENV)/bin/python
PIP := $(PY) -m pip --quiet --disable-pip-version-check
# The locks are complete and name every file by its hash: pip takes what was tested or nothing. It
# resolves nothing (--no-deps), and builds ketum itself with the setuptools of the lock.
LOCKED := install --no-deps --require-hashes -r
OURSELVES := install --no-deps --no-build-isolation -e .
# What decides an installation; when one of these is newer than a stamp, pip runs again.
SPEC := pyproject.toml requirements.lock requirements-dev.lock
RUN_STAMP := $(VENV)/.installed-run
DEV_STAMP := $(VENV)/.installed-dev

# Else each of the hundreds of processes that tests start would compile all of ketum anew.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help run test unit soak lint docs imports format types clean python-check venv-check

help: ## Say what can be made
	@awk 'BEGIN { FS = ":.*## " } /^[a-z-]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' \
		$(firstword $(MAKEFILE_LIST))
	@echo
	@echo '  Options: PYTHON=python3.12 (another Python), ARGS="..." (passed on by run and test),'
	@echo '           SLOW=1 (make test: the slow tests too)'

run: $(RUN_STAMP) ## Install what is needed, then run the main job on the demonstration archive
	@exec $(PY) -m flows.update --offline $(ARGS)

# One process more than there are processors, since tests of programs, servers and pages mostly wait.
test: $(DEV_STAMP) ## Install what is needed, then run the tests
	@exec $(PY) -m pytest --numprocesses=$$(($$(nproc || getconf _NPROCESSORS_ONLN) + 1)) --dist=loadfile --no-loadscope-reorder $(if $(SLOW),,-m "not slow") $(ARGS)

unit: $(DEV_STAMP) ## Install what is needed, then run the unit tests alone
	@exec $(PY) -m pytest --numprocesses=auto --dist=loadfile -m "not whole and not slow" $(ARGS)

soak: $(DEV_STAMP) ## 300 days of updates from a changing PubMed, with faults and kills
	@exec $(PY) -m tests.soak --days 300 --seed 1 --report docs/soak.md $(ARGS)

lint: $(DEV_STAMP) ## Check style of Python and SQL, who imports whom, documentation made from the code
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m sqlfluff lint --nocolor --disable-progress-bar --processes 2 sql
	$(VENV)/bin/lint-imports --no-cache
	$(PY) -m tools.data_dictionary --check
	$(PY) -m tools.contract --check

docs: $(DEV_STAMP) ## Make anew what documentation is made from the code
	$(PY) -m tools.data_dictionary
	$(PY) -m tools.quality_figures
	$(PY) -m tools.contract

imports: $(DEV_STAMP) ## Draw who imports whom, in a browser
	@$(VENV)/bin/import-linter explore pipeline

format: $(DEV_STAMP) ## Put Python into shape (SQL: .venv/bin/sqlfluff fix FILE)
	$(PY) -m ruff check --fix .
	$(PY) -m ruff format .

types: $(DEV_STAMP) ## Check types, strictly
	$(PY) -m mypy --strict pipeline flows tools

clean: ## Remove the installation and caches; data/ stays
	rm -rf $(VENV) .venv-clients .browser build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The first line of defence: a word about the Python rather than a page about a wheel.
python-check:
	@command -v "$(PYTHON)" >/dev/null 2>&1 || { \
		echo 'ketum: there is no `$(PYTHON)` here. Nothing was installed.' \
			'Next: install Python 3.11, 3.12 or 3.13, or name one: PYTHON=python3.12 make run' >&2; \
		exit 1; }
	@"$(PYTHON)" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' || { \
		echo "ketum: \`$(PYTHON)\` is $$("$(PYTHON)" --version 2>&1), and ketum needs 3.11, 3.12 or" \
			'3.13. Nothing was installed. Next: name another one: PYTHON=python3.12 make run' >&2; \
		exit 1; }

# Keeps a working .venv of the same Python and makes any other anew: one left half made by an
# interruption, one whose Python is gone, or one of another version than now asked for.
venv-check: python-check
	@want=$$("$(PYTHON)" -c 'import sys; print(*sys.version_info[:2])'); \
	have=$$($(PY) -c 'import pip, sys; print(*sys.version_info[:2])' 2>/dev/null || true); \
	if [ "$$want" != "$$have" ]; then \
		"$(PYTHON)" -m venv --clear $(VENV) || { \
			echo 'ketum: $(PYTHON) could not make $(VENV). Nothing was installed.' \
				'Next: install its venv module (Debian, Ubuntu: python3-venv), and try again.' >&2; \
			exit 1; }; \
	fi

# Installing the larger lock satisfies the plain job as well, so either order of `run` and `test` ends
# in the same one installation. `|` : the check always runs, and alone is no reason to reinstall.
$(RUN_STAMP): $(SPEC) | venv-check
	@echo 'ketum: installing into $(VENV) (about a minute) ...' >&2
	@$(PIP) $(LOCKED) requirements.lock
	@$(PIP) $(OURSELVES)
	@touch $@

$(DEV_STAMP): $(SPEC) | venv-check
	@echo 'ketum: installing into $(VENV), with what tests need (a minute or two) ...' >&2
	@$(PIP) $(LOCKED) requirements-dev.lock
	@$(PIP) $(OURSELVES)
	@touch $(RUN_STAMP) $@
