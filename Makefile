# `make help` tells what there is. Every target sets up what it needs and says what it does.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PORT ?= 8080
PYTHON ?= python3
BIN := .venv/bin

.PHONY: help run dev check test bench schema template docs wheel sbom lock migration

help:  ## What can be made
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 14

run: .venv/.ready frontend/dist/.ready  ## Start LiteMaaS with everything it needs on http://127.0.0.1:8080 (PORT=…, TRAFFIC=1)
	@exec env PORT=$(PORT) $(BIN)/litemaas sandbox --stop-with-parent

dev: .venv/.ready frontend/node_modules/.ready  ## The same, with the frontend rebuilt as you type (on http://127.0.0.1:5173)
	@trap 'kill 0' EXIT; (cd frontend && npm run --silent dev) & env PORT=$(PORT) PUBLIC_URL=http://127.0.0.1:5173 $(BIN)/litemaas sandbox --no-pages

check: .venv/.ready frontend/node_modules/.ready  ## Lint, types, import ladder, generated files unchanged
	@.ci/check

test: .venv/.ready frontend/dist/.ready  ## Every test there is (what CI runs)
	@.ci/test

bench: .venv/.ready  ## What costs what: ratios measured in one run
	@.ci/k6
	@for each in models_page live ingest dashboard crowd memory reconcile ledger_check people; do echo "== $$each"; $(BIN)/python -m tests.bench.$$each || exit 1; done

schema: .venv/.ready  ## Print the GraphQL schema into schema/schema.graphql, and the frontend's operations
	@$(BIN)/litemaas schema > schema/.schema.graphql && mv schema/.schema.graphql schema/schema.graphql
	@$(BIN)/litemaas schema --examples frontend/graphiql/changes.json
	@cd frontend && npm run --silent relay

docs: .venv/.ready  ## Print what can be configured into docs/configuration.md
	@$(BIN)/litemaas settings > docs/.configuration.md && mv docs/.configuration.md docs/configuration.md

template: .venv/.ready  ## Write deploy/openshift/template.yaml from the chart
	@.ci/tools && $(BIN)/python .ci/openshift_template.py > deploy/openshift/.template.yaml && mv deploy/openshift/.template.yaml deploy/openshift/template.yaml

wheel: .venv/.ready frontend/dist/.ready  ## A wheel with the built pages in dist/, for `pip install` without Node.js
	@rm -f dist/*.whl && $(BIN)/uv build --quiet --wheel --out-dir dist . && ls dist/*.whl

sbom: .venv/.ready frontend/node_modules/.ready  ## What the product is made of, as CycloneDX: dist/sbom-python.json, dist/sbom-pages.json
	@.ci/sbom

lock: .venv/.ready  ## Choose newer packages within the bounds of pyproject.toml
	@.ci/lock

migration: .venv/.ready  ## A new migration from what changed in the tables: make migration NAME="add x" DATABASE_URL=…
	@$(BIN)/alembic revision --autogenerate -m "$(NAME)"

.venv/.ready: pyproject.toml requirements-dev.lock
	@.ci/set-up-python $(PYTHON) requirements-dev.lock
	@touch $@

frontend/node_modules/.ready: frontend/package.json frontend/package-lock.json
	@.ci/set-up-frontend
	@touch $@

frontend/dist/.ready: frontend/node_modules/.ready schema/schema.graphql $(shell find frontend -not -path '*/node_modules*' -not -path '*/dist*' -not -path '*/__generated__*' -not -path '*/test-results*' -type f 2>/dev/null | sed 's/ /\\ /g')
	@echo "Building the frontend…"
	@cd frontend && npm run --silent build > .build.log 2>&1 || { cat .build.log; exit 1; }
	@touch $@
