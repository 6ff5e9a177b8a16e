# Bellwether on one machine, without Docker. `make` alone explains the targets.
.DEFAULT_GOAL := help
.PHONY: help run up down status doctor mend logs password user clean test test-browser test-crash test-soak test-distributed test-fab fuzz check bench screenshots schema lock installed installed-dev

PYTHON ?= $(shell for name in python3 python3.13 python3.12 python3.11; do command -v $$name && break; done)
NO_PYTHON = $(error Python 3.11, 3.12 or 3.13 is needed: install it, or say where it is: make run PYTHON=/path/to/it)
BOOTSTRAP = $(or $(PYTHON),$(NO_PYTHON)) local/bootstrap.py $(if $(filter file,$(origin PYTHON)),,--exactly)
VENV = .venv/bin
LOCAL = $(VENV)/python -m local
LOCK = $(VENV)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	--custom-compile-command "make lock" $(ARGS)

# Without these, Python would compile our modules anew in every process, or load somebody else's.
unexport PYTHONDONTWRITEBYTECODE PYTHONPATH PYTHONHOME
# What users type reaches the commands through the environment, never as text of a shell command.
unexport NAME ROLE SOURCE EXECUTOR WORKERS
user: export BELLWETHER_USER_NAME := $(value NAME)
user: export BELLWETHER_USER_ROLE := $(value ROLE)
# Only where it was typed: somebody's environment may have a SOURCE of its own.
run up: export BELLWETHER_SOURCE := $(if $(filter command line,$(origin SOURCE)),$(value SOURCE))
run up: export BELLWETHER_EXECUTOR := $(if $(filter command line,$(origin EXECUTOR)),$(value EXECUTOR))
run up: export BELLWETHER_WORKERS := $(if $(filter command line,$(origin WORKERS)),$(value WORKERS))

help: ## this list
	@echo "Bellwether analyses stocks as Airflow jobs. Python 3.11 to 3.13 and make are all it needs."
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' Makefile
	@echo "With SOURCE=yahoo-local, run and up try live prices offline: old bars moved to today, by a Yahoo on this machine."
	@echo "With EXECUTOR=celery WORKERS=3, run and up do the tasks in Celery's workers, each as on a host of its own."
	@echo "Variables: PYTHON=/path/to/python3, BELLWETHER_HOME=/folder/for/the/data (default .local)."

run: installed ## set up what is missing, start everything, run the main job and show its verdicts
	@$(LOCAL) run

up: installed ## set up what is missing and start everything in the background
	@$(LOCAL) up

down: ## stop everything; the data stays
status: ## which processes run, and where the web interface is
doctor: ## look everything over, the database above all: what is wrong, and what mends it
mend: ## undo in the database what the doctor found different from what the migrations make
logs: ## the last lines of every log
clean: ## stop everything and delete the data, passwords and logs (.local); keeps the packages (.venv)
down status doctor mend logs clean:
	@if [ -e "$${BELLWETHER_HOME:-.local}" ]; then $(BOOTSTRAP) && $(LOCAL) $@; else echo "Nothing has run here yet."; fi

password: installed ## print the password of the user admin; alone, for scripts: make -s password
	@$(LOCAL) password

user: installed ## add or change a user: make user NAME=ann ROLE=viewer (or user, op, admin)
	@$(LOCAL) user

test: installed-dev ## run the tests; pytest's arguments in ARGS
	@$(VENV)/python -m pytest -n 3 $(ARGS)

test-browser: installed-dev ## the pages in a real browser (it needs one: apt-get install chromium)
	@$(VENV)/python -m pytest -n 2 tests/browser $(ARGS)

test-distributed: installed-dev ## Celery on three workers, of which one is killed and one cut off (it needs redis-server and pgbouncer)
	@$(VENV)/python -m pytest -s tests/distributed $(ARGS)

test-fab: installed-dev ## the rights of our API with Airflow's FAB auth manager (packages of its own, in .venv-fab)
	@$(VENV)/uv venv --quiet --allow-existing --python $(VENV)/python .venv-fab
	@$(VENV)/uv pip sync --quiet --python .venv-fab/bin/python requirements-fab.txt
	@.venv-fab/bin/python -m pytest tests/fab $(ARGS)

test-crash: installed-dev ## the long tests: kill -9 everything in turn, in the middle of a job, and more (about twelve minutes)
	@$(VENV)/python -m pytest -n 2 tests/crash $(ARGS)

test-soak: export BELLWETHER_SOAK_MINUTES := $(or $(MINUTES),60)
test-soak: installed-dev ## load through all doors for MINUTES=60, with kills; a report of what grew is in .local/soak
	@$(VENV)/python -m pytest -s tests/soak $(ARGS)

fuzz: installed-dev ## ask everything of every route of the API, some 10,000 times (about six minutes)
	@$(VENV)/python -m pytest -s tests/fuzz $(ARGS)

check: installed-dev ## look the code over: format, lint, types, borders between the rooms
	@$(VENV)/ruff format --check .
	@$(VENV)/ruff check .
	@$(VENV)/mypy
	@$(VENV)/lint-imports

bench: installed-dev ## measure speed and memory on this machine, beside the goals and the last time
	@$(VENV)/python -m benchmarks $(ARGS)

screenshots: installed-dev ## pictures of every page, light and dark (it needs Chromium)
	@$(VENV)/python -m tests.browser.screenshots

schema: installed-dev ## after adding a migration: describe anew the tables that a database must have
	@$(VENV)/python -m tests.storage.make_schema

lock: installed-dev ## write the locked requirements anew; newer versions with ARGS=--upgrade
	@echo uv | $(LOCK) --no-annotate -o local/uv.txt -
	@$(LOCK) -o requirements.txt requirements.in
	@$(LOCK) -c requirements.txt -o requirements-distributed.txt requirements-distributed.in
	@$(LOCK) -c requirements-distributed.txt -o requirements-dev.txt requirements-dev.in
	@$(LOCK) -o requirements-fab.txt requirements-fab.in

installed:
	@$(BOOTSTRAP) $(if $(filter celery,$(BELLWETHER_EXECUTOR)),--distributed)

installed-dev:
	@$(BOOTSTRAP) --dev
