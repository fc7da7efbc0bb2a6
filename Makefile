# Every task of the project, one word each. `make` alone lists them.
.DEFAULT_GOAL := help
.PHONY: help install demo test quick peers check format figures bench clean
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.installed
# A process for each core, one thread each: most tests are too small for more.
PYTEST := OMP_NUM_THREADS=1 $(BIN)/python -m pytest --numprocesses auto --maxprocesses 8 --dist loadfile

help: ## list the tasks
	@awk -F':.*## ' '/^[a-z]+:.*## /{printf "  make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

install: $(STAMP) ## set up .venv with everything (a minute or two, once)

# pip brings uv into .venv, and uv brings the rest: it installs torch in a fraction of pip's time.
$(STAMP): pyproject.toml constraints.txt
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --constraint constraints.txt --editable . --group dev
	@touch $(STAMP)

demo: $(STAMP) ## run the main job on the shipped network and write demo/index.html
	$(BIN)/cortexcnn demo --out demo --overwrite

test: $(STAMP) ## run every test that needs no internet
	$(PYTEST) -m "not network and not gpu and not peers"

quick: $(STAMP) ## run the tests that take less than a few seconds each
	$(PYTEST) -m "not network and not gpu and not peers and not slow"

peers: $(STAMP) ## compare with the code of Brain-Score and thingsvision, each in an environment of its own
	@test -x .venv-peers/bin/python || $(PYTHON) -m venv .venv-peers
	@test -x .venv-thingsvision/bin/python || $(PYTHON) -m venv .venv-thingsvision
	@$(BIN)/uv pip install --quiet --python .venv-peers/bin/python --group brainscore
	@$(BIN)/uv pip install --quiet --python .venv-thingsvision/bin/python --group peers
	CORTEXCNN_BRAINSCORE=$(CURDIR)/.venv-peers/bin/python \
	CORTEXCNN_THINGSVISION=$(CURDIR)/.venv-thingsvision/bin/python $(PYTEST) -m peers

check: $(STAMP) ## ruff, mypy, import-linter
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(STAMP) ## put the code in order
	$(BIN)/ruff check --fix-only --quiet .
	$(BIN)/ruff format .

figures: $(STAMP) ## draw the figures of the README again
	$(BIN)/cortexcnn probe cortexnet --layers relu1,relu2,relu3 --out build/figures --overwrite
	mkdir -p docs/figures && cp build/figures/figures/distributions.png build/figures/figures/filters.png docs/figures/
	$(BIN)/python analyses/hubel_wiesel_1959.py cortexnet --layers relu1,relu2 --out docs/figures/hubel_wiesel_1959.png
	$(BIN)/python -c "import pandas; from cortexcnn import plot; \
	curve = plot.learning_curve(pandas.read_csv('data/cortexnet.csv', index_col='epoch').to_xarray()); \
	plot.save(curve.figure, 'docs/figures/cortexnet_training.png')"
	rm -f docs/figures/*.svg
	$(BIN)/cortexcnn diagram alexnet_2012 --weights none --out docs/figures/alexnet_2012.svg

bench: $(STAMP) ## speed and memory beside peers and limits
	@for script in benchmarks/*.py; do echo "== $$script"; $(BIN)/python $$script || exit 1; done

clean: ## remove what the tasks above have made
	rm -rf .venv .venv-peers .venv-thingsvision .mypy_cache .ruff_cache .hypothesis .import_linter_cache demo build dist
