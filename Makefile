# make run          bring up the demonstration publication
# make test         lint, types, spelling and every test (those whose neighbour is missing are skipped, and say so)
# make quick        the same without the tests that need a browser, PostgreSQL, a server or another process
# make fuzz         files, answers, reports and requests spoilt at random, 100,000 of each kind;
#                   fewer: COUNT=10000, others: SEED=2; and other examples of Hypothesis's tests
# make year         a year of editions beside an oracle that predicts them;
#                   less of it: COUNT=60 (days), others: SEED=2
# make bench-build  building beside Hugo, Eleventy and Pelican, and as the store grows;
#                   less of it with ARTICLES=500 GROWTH="1000 10000"
# make bench-audience  a million readers come in from a file, and get an edition; fewer: READERS=100000
# make bench-serving  the files over HTTP beside nginx and a bare callable (Debian: nginx, wrk);
#                   a search beside PostgreSQL's and LIKE, less of it with STORIES=5000
# make bench-pages  how soon pages are seen over a throttled 4G, and what they weigh (Debian: chromium)
# make bench-messages  a message encoded once, beside Jinja and EmailMessage for each reader;
#                   signed, beside dkimpy
# make bench-delivery  editions handed over, beside smtp-source, a plain sender and nodemailer;
#                   to a million readers, and through a real Postfix (Debian: postfix);
#                   a stopwatch on cancel;
#                   less of it with MESSAGES=1000 READERS=20000 POSTED=2000
# make bench-feedback  reports of bounces recorded, a minute; fewer with REPORTS=200
# make bench-kill   senders killed in the middle of their work: who is mailed twice, who is lost;
#                   about an hour, less of it with RUNS=20
# make words        what we say to readers: new texts into the catalogues, and compile them;
#                   make words NEW=fr begins French

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet -c constraints.txt

TEXTS := $(VENV)/syndicate.pot
CATALOGUES := --output-dir=syndicate/locale --domain=syndicate
# Python keeps what it compiles, even where it is told not to: hundreds of tests start a process.
TESTS := PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest --dist=worksteal
# Tests with neighbours wait for half of their time, so each core gets two of them.
TWICE_THE_CORES = $(shell $(PYTHON) -c 'import os; print(2 * os.cpu_count())')

.PHONY: run test quick fuzz year check format words bench-build bench-audience bench-serving bench-pages bench-messages bench-delivery bench-feedback bench-kill

run: $(VENV)/run.stamp
	@for newsletter in breaking briefing; do \
	  $(BIN)/syndicate subscribers import demo-subscribers.csv --newsletter $$newsletter >/dev/null || exit 1; \
	done
	@$(BIN)/syndicate editions --json | grep -q '"briefing"' || \
	  { $(BIN)/syndicate import articles && $(BIN)/syndicate send briefing; } >/dev/null
	@exec $(BIN)/syndicate run

test: check
	$(TESTS) --numprocesses=$(TWICE_THE_CORES) $(PYTEST)

quick: check
	$(TESTS) --numprocesses=auto --quick $(PYTEST)

fuzz: $(VENV)/test.stamp
	SYNDICATE_FUZZ=$(or $(COUNT),100000) SYNDICATE_FUZZ_SEED=$(or $(SEED),1) $(BIN)/python -m pytest \
	  --numprocesses=auto --dist=worksteal tests/end_to_end/test_fuzz.py tests/end_to_end/test_fuzz_input.py \
	  tests/feedback/reports/test_mutated_reports.py
	SYNDICATE_FUZZ=1000 $(BIN)/python -m pytest --numprocesses=auto --dist=worksteal -m hypothesis \
	  --hypothesis-seed=$(or $(SEED),1)

year: $(VENV)/test.stamp
	SYNDICATE_YEAR=$(or $(COUNT),365) SYNDICATE_YEAR_SEED=$(or $(SEED),1) $(BIN)/python -m pytest \
	  tests/simulation -k year

check: $(VENV)/test.stamp
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/codespell
	$(BIN)/mypy

format: $(VENV)/test.stamp
	$(BIN)/ruff check --fix-only
	$(BIN)/ruff format

words: $(VENV)/run.stamp
	$(BIN)/pybabel -q extract syndicate templates --output-file=$(TEXTS) --mapping-file=pyproject.toml \
	  --add-location=file --add-comments=Translators: --strip-comments
	$(BIN)/pybabel -q update --input-file=$(TEXTS) $(CATALOGUES) --width=100 --ignore-obsolete \
	  --ignore-pot-creation-date $(if $(NEW),--init-missing --locale=$(subst -,_,$(NEW)))
	$(BIN)/pybabel compile --directory=syndicate/locale --domain=syndicate --statistics

bench-build: $(VENV)/run.stamp
	$(BIN)/python -m bench.building $(ARTICLES)
	$(BIN)/python -m bench.growth $(GROWTH)

bench-audience: $(VENV)/test.stamp
	$(BIN)/python -m bench.audience $(READERS)

bench-serving: $(VENV)/test.stamp
	$(BIN)/python -m bench.serving
	$(BIN)/python -m bench.searching $(STORIES)

bench-pages: $(VENV)/test.stamp
	$(BIN)/python -m bench.pages

bench-messages: $(VENV)/test.stamp
	$(BIN)/python -m bench.messages
	$(BIN)/python -m bench.signing

bench-delivery: $(VENV)/test.stamp
	$(BIN)/python -m bench.delivery $(if $(MESSAGES),--messages $(MESSAGES))
	$(BIN)/python -m bench.million $(READERS)
	$(BIN)/python -m bench.stopping
	$(BIN)/python -m bench.postfix $(POSTED)

bench-feedback: $(VENV)/test.stamp
	$(BIN)/python -m bench.feedback $(REPORTS)

bench-kill: $(VENV)/test.stamp
	$(BIN)/python -m bench.kill $(if $(RUNS),--runs $(RUNS))

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Syndicate needs Python 3.11 or newer; name one: make PYTHON=python3.13")'
	$(PYTHON) -m venv $(VENV)

$(VENV)/run.stamp: pyproject.toml constraints.txt | $(BIN)/python
	$(PIP) -e .
	@touch $@

$(VENV)/test.stamp: pyproject.toml constraints.txt | $(BIN)/python
	$(PIP) -e ".[dev]"
	@touch $@ $(VENV)/run.stamp
