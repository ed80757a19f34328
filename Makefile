# `make` prints this menu; `make up` needs only Python 3.11 or newer with its venv module, git and make.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DEPLOY := $(BIN)/python -m grid_deploy
MEMBERS := kernel web/site gateway population-svc approval-svc gis-svc dispute-svc deploy
STAMP := $(VENV)/.installed
TOOLS := var/tools
LINTER := $(TOOLS)/node_modules/.bin/spectral
BENCHMARKS := $(wildcard benchmarks/*/run.py) benchmarks/gis/point_to_grid.py benchmarks/population/search.py
MYPY_PATHS := $(foreach member,$(MEMBERS),$(member)/src)

.DEFAULT_GOAL := help
.PHONY: help up web web-check down status logs clean test check migrate migration seed demo-reset dead-letters browser faults contracts conformance bench format

help:
	@echo '青山区 "1+3" 社区网格治理 / community grid governance'
	@echo
	@sed -nE 's/^([a-z-]+):.*## (.*)$$/\1|\2/p' $(MAKEFILE_LIST) | awk -F'|' '{printf "  make %-14s %s\n", $$1, $$2}'

up: $(STAMP) ## 启动全部 / start everything in the background and say where it is
	@$(BIN)/python web/build.py || echo '  居民页、领导页照常可用；/field 与 /console 要等网页构建好 / pages for residents and leaders work without it'
	@$(DEPLOY) up

web: $(STAMP) ## 构建网页 / build 社工E通 and the console into the gateway (finds Node, or installs it from a wheel)
	@$(BIN)/python web/build.py --force

web-check: $(STAMP) ## 检查网页 / types, unit tests, build and budgets of the web apps
	@$(BIN)/python web/build.py --check

down: $(STAMP) ## 停止全部 / stop everything that was started here
	@$(DEPLOY) down

status: $(STAMP) ## 运行状态 / what runs
	@$(DEPLOY) status || true

logs: $(STAMP) ## 查看日志 / follow the logs (NAME=gateway for one)
	@$(DEPLOY) logs $(NAME)

clean: ## 停止并删除全部数据 / stop everything and remove all data, secrets and logs below var/
	@if [ -e $(STAMP) ]; then $(DEPLOY) clean; else rm -rf var; fi

test: $(STAMP) ## 测试 / the tests on real engines (K='words' selects)
	@$(BIN)/pytest tests -m 'not faults and not conformance and not browser' --ignore=tests/faults $(if $(K),-k '$(K)') $(PYTEST_ARGS)

check: $(STAMP) ## 检查 / format, lint, types, imports, architecture
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy $(MYPY_PATHS)
	@$(BIN)/lint-imports
	@$(BIN)/pytest -q tests/architecture

format: $(STAMP) ## 排版 / format the code and fix what can be fixed
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

migrate: $(STAMP) ## 迁移数据库 / bring all databases to the newest revision
	@$(DEPLOY) migrate

migration: $(STAMP) ## 新建迁移 / write a migration: SERVICE=approval MESSAGE='Add the grade'
	@$(DEPLOY) migration --service '$(SERVICE)' --message '$(MESSAGE)'

seed: $(STAMP) ## 载入演示数据 / load the demo, once
	@$(DEPLOY) up
	@$(DEPLOY) seed

demo-reset: $(STAMP) ## 恢复演示数据 / empty everything and load the demo anew
	@$(DEPLOY) demo-reset

dead-letters: $(STAMP) ## 死信 / events no handler could take (REPLAY=all or ids)
	@$(DEPLOY) dead-letters $(REPLAY)

browser: $(STAMP) ## 浏览器测试 / look at every page in a real Chromium (apt install chromium fonts-noto-cjk)
	@$(BIN)/python web/build.py
	@$(BIN)/pytest tests/web -m browser $(PYTEST_ARGS)

faults: $(STAMP) ## 故障测试 / kill processes at random under load
	@$(BIN)/pytest tests/faults -m faults $(PYTEST_ARGS)

contracts: $(STAMP) ## 事件文档 / write docs/events anew; refuses to break what was promised
	@$(BIN)/python -m tests.contracts.event_documents

conformance: $(STAMP) ## 契约测试 / lint the documents, call every operation with bad input, look into other areas
	@[ -e $(LINTER) ] || ! command -v npm >/dev/null || \
	  npm install --silent --no-audit --no-fund --no-save --prefix $(TOOLS) @stoplight/spectral-cli@6.16.3
	@$(BIN)/pytest tests/contracts -m conformance $(PYTEST_ARGS)

bench: $(STAMP) ## 性能测量 / measure, against whom docs/performance.md says
	@set -e; for each in $(BENCHMARKS); do echo "== $$each"; $(BIN)/python $$each; done

# Made anew whenever the lock or a member's dependencies change.
$(STAMP): requirements.lock pyproject.toml $(foreach member,$(MEMBERS),$(member)/pyproject.toml)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
	  { echo "需要 Python 3.11 或更高版本 / Python 3.11 or newer is needed: make PYTHON=/path/to/python3.11"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
	  { echo "缺少 venv 模块 / the venv module is missing: apt install python3-venv"; exit 1; }
	@echo "建立环境 / making $(VENV) from requirements.lock …"
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation \
	  $(foreach member,$(MEMBERS),-e $(member))
	@touch $@
