# The commands of the project. `make demo` and `make test` are all a newcomer needs.
SHELL := /bin/bash
PY := .venv/bin/python
UV := .venv/bin/uv
EXPORT := $(UV) export -q --frozen --no-header --no-annotate --no-emit-project
INSTALL := $(UV) pip install -q --python $(PY) --require-hashes --no-deps -r

# What is installed is known by the hash of the file it was installed from. The dev set
# contains the demo set, so a venv with dev serves the demo too.
hash_of = $(shell sha256sum $(1) | cut -c1-16)
DEMO_SET := .venv/.demo-$(call hash_of,requirements-demo.txt)
DEV_SET := .venv/.dev-$(call hash_of,requirements-dev.txt)
FORGET := rm -f .venv/.demo-* .venv/.dev-*

# A network may have its own certificate authority: trust what the machine trusts.
ifneq ($(wildcard /etc/ssl/certs/ca-certificates.crt),)
export UV_SYSTEM_CERTS := 1
endif

# pip as it lies beside Python: it installs uv once; unpacking it first takes longer.
PIP_WHEEL := python3 -c 'import ensurepip, glob, os, sysconfig; \
  own = os.path.join(os.path.dirname(ensurepip.__file__), "_bundled"); \
  print(*glob.glob(os.path.join(sysconfig.get_config_var("WHEEL_PKG_DIR") or own, "pip-*.whl")))'

ROOMS := portal permissions surgery reports his_plugin tests
# For `check --deploy`: settings as a hospital's, with invented secrets.
AS_IN_A_HOSPITAL := DATABASE_URL=sqlite://:memory: SECURE_COOKIES=True \
  SECRET_KEY=$$(head -c 48 /dev/urandom | base64 -w 0) LAUNCH_KEYS=YW=$$(head -c 24 /dev/urandom | base64 -w 0)

.PHONY: demo test samples test-his lint bench chaos lock texts screenshots

# Portal on PORT (8000), demo HIS on HIS_PORT (8010); RESET=1 starts over.
demo: $(DEMO_SET)
	@exec $(PY) manage.py demo

# All tests; starts PostgreSQL, Redis and Chromium for real.
test: $(DEV_SET)
	@$(PY) -m tests.parts
	@status=0; \
	$(PY) -m pytest -q -n 2 -m "not integration and not browser and not his and not benchmark" || status=1; \
	$(PY) -m pytest -q -n 0 -m "(integration or browser) and not his and not benchmark" || status=1; \
	exit $$status

# The launch samples in four languages, compiled and held to the signature vectors.
samples: $(DEV_SET)
	@$(PY) -m tests.samples

# The HIS contract against a real HIS: make test-his DSN=postgresql+psycopg://…
test-his: $(DEV_SET)
	@test -n "$(DSN)" || { echo "make test-his needs DSN=…, the database URL of a HIS" >&2; exit 1; }
	@TEST_HIS_DSN="$(DSN)" $(PY) -m pytest -q -n 0 -m his tests/contract

lint: $(DEV_SET)
	$(PY) -m ruff format --check .
	$(PY) -m ruff check .
	.venv/bin/lint-imports
	$(PY) -m mypy $(ROOMS)
	$(AS_IN_A_HOSPITAL) $(PY) manage.py check --deploy --fail-level WARNING
	$(AS_IN_A_HOSPITAL) $(PY) manage.py makemigrations --check --dry-run
	$(PY) -m pytest -q -n 0 tests/architecture/test_files_stay_small.py

# Figures as ratios: all benchmarks small, or one: make bench BENCH=push SIZE=full
bench: $(DEV_SET)
	@$(PY) -m tests.benchmarks.run $(BENCH) --size $(or $(SIZE),small)

# Everything goes wrong at random and nothing may be lost by it: make chaos SIZE=full SEED=7
chaos: $(DEV_SET)
	@$(PY) -m tests.parts
	@$(PY) -m tests.chaos.run --size $(or $(SIZE),small) $(if $(SEED),--seed $(SEED))

# Collect the texts people read and compile their English.
texts: $(DEV_SET)
	$(PY) -m tests.texts

# Take the pictures of README and docs again, from a demo of its own; look at them.
screenshots: $(DEV_SET)
	@$(PY) docs/screenshots.py

lock: $(UV)
	$(UV) lock -q
	$(EXPORT) --no-default-groups -o requirements.txt
	$(EXPORT) --group sqlserver --no-default-groups -o requirements-sqlserver.txt
	$(EXPORT) --group demo --no-default-groups -o requirements-demo.txt
	$(EXPORT) --group dev --no-default-groups -o requirements-dev.txt
	$(EXPORT) --group perf --no-default-groups -o requirements-perf.txt

$(DEV_SET): | $(UV)
	@$(INSTALL) requirements-dev.txt
	@$(FORGET)
	@touch .venv/.demo-$(call hash_of,requirements-demo.txt) $@

$(UV):
	@python3 -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	  || { echo "python3 must be 3.11 or newer with its venv module (apt install python3-venv)" >&2; exit 1; }
	@pip=$$($(PIP_WHEEL)); python3 -m venv $${pip:+--without-pip} .venv && \
	  PYTHONPATH=$$pip .venv/bin/python -m pip install -q --disable-pip-version-check uv==0.13.9

# A venv that has the dev set has the demo set: then this file is there already.
$(DEMO_SET): | $(UV)
	@$(INSTALL) requirements-demo.txt
	@$(FORGET)
	@touch $@
