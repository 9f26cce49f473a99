# Verbs of the project. Everything is set up in .venv from the hashed lock.
PY ?= python3
BIN := .venv/bin

.PHONY: rehearse staging faults test browser system vercel-cli lint bench verdict rollback survival lock clean

.venv/ready: requirements.lock pyproject.toml
	@PYTHON=$(PY) .ci/setup && touch $@

rehearse: .venv/ready
	@$(BIN)/golive rehearse

staging: .venv/ready
	@$(BIN)/golive rehearse staging

faults: .venv/ready
	@$(BIN)/python benchmarks/faults.py

test: .venv/ready
	@.ci/groups

browser: .venv/ready
	@$(BIN)/python -m pytest -q -m browser

system:
	@.ci/system

vercel-cli:
	@.ci/vercel-cli

lint: .venv/ready
	@$(BIN)/ruff check . && $(BIN)/ruff format --check lib tests benchmarks
	@$(BIN)/mypy -p golive && $(BIN)/lint-imports

bench: .venv/ready
	@for name in judging sandbox checks rehearsal signals; do echo "== $$name"; $(BIN)/python benchmarks/$$name.py; done
	@echo "== rollback"; $(BIN)/python -m benchmarks.rollback --sandbox 3

verdict: .venv/ready
	@$(BIN)/python -m benchmarks.verdict --write docs/verdict.md

rollback: .venv/ready
	@$(BIN)/python -m benchmarks.rollback --resume --write docs/rollback.md

survival: .venv/ready
	@$(BIN)/python -m benchmarks.survival --lanes 2 --write docs/survival.md

lock:
	@uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url --extra dev pyproject.toml -o requirements.lock

clean:
	@rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis dist
