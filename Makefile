# The commands of the project. `make demo` and `make test` are all a newcomer needs.
SHELL := /bin/bash
PY := .venv/bin/python
UV := .venv/bin/uv
EXPORT := $(UV) export -q --frozen --no-header --no-annotate --no-emit-project

.PHONY: lock
lock: $(UV)
	$(UV) lock -q
	$(EXPORT) --no-default-groups -o requirements.txt
	$(EXPORT) --group demo --no-default-groups -o requirements-demo.txt
	$(EXPORT) --group dev --no-default-groups -o requirements-dev.txt
	$(EXPORT) --group perf --no-default-groups -o requirements-perf.txt

$(UV):
	python3 -m venv .venv
	.venv/bin/pip install -q uv==0.13.9
