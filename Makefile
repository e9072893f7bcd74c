# make run          bring up the demonstration publication
# make test         lint, types and every test (those whose neighbour is missing are skipped, and say so)
# make bench-build  building beside Hugo, Eleventy and Pelican, and as the store grows;
#                   less of it with ARTICLES=500 GROWTH="1000 10000"
# make bench-audience  a million readers come in from a file, and get an edition; fewer: READERS=100000
# make bench-serving  the files over HTTP beside nginx and a bare callable (Debian: nginx, wrk)
# make bench-messages  a message encoded once, beside Jinja and EmailMessage for each reader;
#                   signed, beside dkimpy
# make words        what we say to readers: new texts into the catalogues, and compile them;
#                   make words NEW=fr begins French

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet -c constraints.txt

.PHONY: run test check format words bench-build bench-audience bench-serving bench-messages

run: $(VENV)/run.stamp
	@for newsletter in breaking briefing; do \
	  $(BIN)/syndicate subscribers import demo-subscribers.csv --newsletter $$newsletter >/dev/null || exit 1; \
	done
	@exec $(BIN)/syndicate run

test: check
	$(BIN)/python -m pytest --numprocesses=auto --dist=worksteal $(PYTEST)

check: $(VENV)/test.stamp
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

format: $(VENV)/test.stamp
	$(BIN)/ruff check --fix-only
	$(BIN)/ruff format

words: $(VENV)/run.stamp
	$(BIN)/python -m tools.words $(NEW)

bench-build: $(VENV)/run.stamp
	$(BIN)/python -m bench.building $(ARTICLES)
	$(BIN)/python -m bench.growth $(GROWTH)

bench-audience: $(VENV)/test.stamp
	$(BIN)/python -m bench.audience $(READERS)

bench-serving: $(VENV)/run.stamp
	$(BIN)/python -m bench.serving

bench-messages: $(VENV)/test.stamp
	$(BIN)/python -m bench.messages
	$(BIN)/python -m bench.signing

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Syndicate needs Python 3.11 or newer; name one: make PYTHON=python3.13")'
	$(PYTHON) -m venv $(VENV)

$(VENV)/run.stamp: pyproject.toml constraints.txt | $(BIN)/python
	$(PIP) -e .
	@touch $@

$(VENV)/test.stamp: pyproject.toml constraints.txt | $(BIN)/python
	$(PIP) -e ".[dev]"
	@touch $@ $(VENV)/run.stamp
