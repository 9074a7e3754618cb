# `make` alone lists the commands. Needs Python 3.11+ and make; without make (Windows), see README.
PYTHON   ?= python3
VENV     := .venv/bin/python
LAB_ARGS ?=
ARGS     ?=
THREADS  ?=

.DEFAULT_GOAL := help
.PHONY: help lab author reset test lint notebooks bench clean setup setup-test setup-bench

help:  ## list the commands
	@echo "The textbook's commands:"
	@sed -n 's/^\([a-z]*\):.*##  *\(.*\)/  make \1|\2/p' Makefile | awk -F'|' '{ printf "%-18s %s\n", $$1, $$2 }'

lab: setup  ## open the book, in your own copy of the notebooks (my-notebooks/)
	@$(VENV) tools/lab.py open $(LAB_ARGS)

reset: setup  ## restore one chapter of your copy: make reset CHAPTER=03
	@$(VENV) tools/lab.py reset $(CHAPTER)

test: setup-test  ## run all tests, the notebooks included; a part of them: make test ARGS=tests/test_ops.py
	@OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(VENV) -m pytest --quiet --numprocesses=auto --dist=loadfile $(ARGS)

lint: setup-test  ## check style and types
	@$(VENV) -m ruff check .
	@$(VENV) -m mypy

author: setup-test  ## open the original chapters, paired with their .py files
	@$(VENV) tools/lab.py author $(LAB_ARGS)

notebooks: setup-test  ## execute the chapters again, or one: make notebooks CHAPTER=03
	@$(VENV) tools/notebooks.py $(CHAPTER)

bench: setup-bench  ## measure against peers: make bench ARGS=engine THREADS=1, ARGS=parallel, ARGS=latency (15 minutes), ARGS=mnist (25 minutes)
	@$(if $(THREADS),OMP_NUM_THREADS=$(THREADS) OPENBLAS_NUM_THREADS=$(THREADS) MKL_NUM_THREADS=$(THREADS)) $(VENV) -m benchmarks $(ARGS)

clean:  ## remove .venv and caches; your notebooks stay
	@rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis build *.egg-info
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Each takes a fraction of a second when there is nothing to do.
INSTALL = command -v $(PYTHON) >/dev/null || { \
	echo "There is no $(PYTHON). Install Python 3.11 or newer, or name one: make PYTHON=/path/to/python3 ..."; exit 1; }; \
	$(PYTHON) tools/install.py

setup:
	@$(INSTALL)

setup-test:
	@$(INSTALL) test

setup-bench:
	@$(INSTALL) test bench
