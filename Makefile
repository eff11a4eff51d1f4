# Salus: everything a developer, a reviewer or a CI does, by name. `make` alone lists it.
#
# A fresh machine needs GNU make, Python 3.11 or later and pip. The rest (uv, the packages of
# uv.lock, nhsuk-frontend of package-lock.json) comes into .tools/, .venv/ and node_modules/ here.
# Each step leaves a file behind, so that a second run costs nothing.

SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules --no-print-directory

PYTHON ?= python3
PORT ?= 8000
SALUS_DATA ?= ./var
export SALUS_DATA

UV_VERSION := 0.13.9
UV := .tools/bin/uv
export UV_PYTHON_DOWNLOADS := never
# The interpreter of the environment is the machine's own, whichever `PYTHON=` names.
export UV_PYTHON := $(PYTHON)

BIN := .venv/bin
# Tools that load the settings but never connect: no data folder, no secret, no database.
SETTINGS_ONLY := DATABASE_URL=postgres://nobody@localhost/none SALUS_SECRET_KEY=never-signs
ENVIRONMENT := .venv/.synced
ASSETS := salus/portal/static/vendor/NOTICE.txt
CATALOGUES := $(patsubst %.po,%.mo,$(wildcard locale/*/LC_MESSAGES/*.po locale/packages/*/LC_MESSAGES/*.po))
DEFINITIONS := salus/fhir/r4.json
OUTLINES := salus/directory/outlines.json
READY := $(ENVIRONMENT) $(ASSETS) $(DEFINITIONS) $(OUTLINES) $(CATALOGUES)

VERAPDF_VERSION := 1.28.2
VERAPDF_SHA256 := 687d4d8bcfec48c9f7e931cf78ed061f1eeccfba55d4cdc000ba9b4d8aa46ce6
VERAPDF_JAR := org.verapdf.apps:greenfield-apps:$(VERAPDF_VERSION)
VERAPDF := .tools/java/greenfield-apps-$(VERAPDF_VERSION).jar
MAVEN_COPY := org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy

# HL7's validator of FHIR: versions in pom.xml, and the checksum of every jar that comes with them.
FHIR_VALIDATOR := .tools/java/fhir-validator
FHIR_VALIDATOR_JARS := $(FHIR_VALIDATOR)/jars.sha256
FHIR_VALIDATOR_SOURCE := tests/conformance/validator

# An HL7 v2 client in Java, likewise.
HAPI_HL7V2 := .tools/java/hl7v2
HAPI_HL7V2_JARS := $(HAPI_HL7V2)/jars.sha256
HAPI_HL7V2_SOURCE := tests/conformance/hl7v2

DEMO_SCALE ?= 1/100
REFERENCE ?=
LAST_MONTH := $(shell TZ=Europe/Luxembourg date -d "$$(TZ=Europe/Luxembourg date +%Y-%m-01) -1 day" +%Y-%m)
COMMIT := $(shell git describe --always --dirty --abbrev=10 2>/dev/null || echo no-commit)

.PHONY: help
help: ## list these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile
	@echo
	@echo "  PYTHON=$(PYTHON)  SALUS_DATA=$(SALUS_DATA)  PORT=$(PORT)    (set any of them on the command line)"

.PHONY: demo
demo: $(READY) ## a synthetic nation at 1/100, its reports, and the site at http://localhost:8000
	@test -e "$(SALUS_DATA)/.demo" || { \
		$(BIN)/salus simulate --scale $(DEMO_SCALE); \
		$(BIN)/salus demo-feed; \
		$(BIN)/salus report 2024-12; \
		$(BIN)/salus report $(LAST_MONTH); \
		touch "$(SALUS_DATA)/.demo"; }
	@$(BIN)/salus demo-people
	@SALUS_DEMO=1 exec $(BIN)/salus serve --port $(PORT)

.PHONY: test
test: $(READY) lint chromium ldapsearch ## every check and every test, with all that they need (at most 15 minutes)
	$(BIN)/pytest -n 3 --dist loadfile --no-loadscope-reorder

.PHONY: check
check: $(READY) lint ## format, lint, types, import contracts, unit and spec tests (under two minutes)
	$(BIN)/pytest -q tests/unit $(wildcard tests/spec)

.PHONY: lint
lint: $(ENVIRONMENT) ## format, lint and types alone (the import contracts are tests/unit/test_house.py)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(SETTINGS_ONLY) $(BIN)/mypy

.PHONY: format
format: $(ENVIRONMENT) ## put the code into the one format, and mend what ruff can
	$(BIN)/ruff check --fix-only --quiet .
	$(BIN)/ruff format .

.PHONY: prove
prove: $(READY) chromium ldapsearch nginx ## the long versions of the tests, and scale 1; dated evidence goes to docs/evidence/
	tools/prove.sh "$(COMMIT)"
	@$(MAKE) scale

.PHONY: scale
scale: $(READY) ## the whole nation at scale 1: times, memory, disk, every figure beside REFERENCE; evidence
	$(BIN)/python -m tools.prove_scale --scale 1 $(if $(REFERENCE),--reference "$(REFERENCE)")

.PHONY: conformance
conformance: $(READY) $(VERAPDF) $(FHIR_VALIDATOR_JARS) $(HAPI_HL7V2_JARS) chromium ## what we publish, judged by foreign programs (needs a JDK); evidence
	SALUS_VERAPDF=$(VERAPDF) SALUS_FHIR_VALIDATOR=$(FHIR_VALIDATOR) SALUS_HAPI_HL7V2=$(HAPI_HL7V2) \
		SALUS_CONFORMANCE_LOG=docs/evidence/conformance-$$(date -u +%Y-%m-%d)-$(COMMIT).md \
		$(BIN)/pytest -v -m conformance

.PHONY: bench
bench: $(READY) ## run every script of benchmarks/, which print ratios
	@test -n "$(wildcard benchmarks/*.py)" || { echo "benchmarks/ has no script yet" >&2; exit 1; }
	@for script in $(wildcard benchmarks/*.py); do echo "== $$script"; $(BIN)/python "$$script"; done

.PHONY: install
install: $(ENVIRONMENT) ## the Python environment alone, in .venv/

.PHONY: assets
assets: $(ASSETS) $(DEFINITIONS) $(OUTLINES) ## styles, scripts and icons of the pages, the lines of maps, and R4's types

.PHONY: messages
messages: $(ENVIRONMENT) ## collect the texts of pages, code and figures into locale/
	$(SETTINGS_ONLY) $(BIN)/python -m tools.messages

$(UV): Makefile
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 15))' 2>/dev/null || { \
		echo "Salus needs Python 3.11 to 3.14; name yours:  make PYTHON=/path/to/python3.11 ..." >&2; \
		exit 1; }
	@$(PYTHON) -m pip --version >/dev/null 2>&1 || { \
		echo "Salus needs pip for $(PYTHON):  sudo apt-get install python3-pip" >&2; exit 1; }
	$(PYTHON) -m pip install --quiet --root-user-action=ignore --upgrade --target .tools uv==$(UV_VERSION)
	@touch $@

# Compiled here, once: where Python may write no bytecode, each start would compile all packages anew.
$(ENVIRONMENT): pyproject.toml uv.lock $(UV)
	$(UV) sync --locked --quiet --compile-bytecode
	@touch $@

$(ASSETS): package.json package-lock.json uv.lock tools/assets.py | $(ENVIRONMENT)
	$(BIN)/python tools/assets.py

$(DEFINITIONS): $(ASSETS) tools/definitions.py
	$(BIN)/python tools/definitions.py

$(OUTLINES): $(ASSETS) tools/outlines.py
	$(BIN)/python tools/outlines.py

# The one jar of Maven's that has all that it needs; GPL-3 or MPL-2, only ever called.
$(VERAPDF):
	@tools/debian.sh java default-jre-headless
	@tools/debian.sh mvn maven
	mvn --batch-mode --quiet $(MAVEN_COPY) -Dartifact=$(VERAPDF_JAR) -DoutputDirectory=$(@D)
	@echo "$(VERAPDF_SHA256)  $@" | sha256sum --check --quiet

# All that Maven brings must be in the list, and as listed. HAPI FHIR and HL7's validator: Apache-2.0.
$(FHIR_VALIDATOR_JARS): $(FHIR_VALIDATOR_SOURCE)/pom.xml $(FHIR_VALIDATOR_SOURCE)/jars.sha256
	@tools/debian.sh javac default-jdk-headless
	@tools/debian.sh mvn maven
	rm -rf $(@D)
	mvn --batch-mode --quiet --file $< $(MAVEN_COPY)-dependencies -DincludeScope=runtime -DoutputDirectory=$(abspath $(@D))
	@cd $(@D) && LC_ALL=C sha256sum *.jar >$(@F)
	@diff $(FHIR_VALIDATOR_SOURCE)/jars.sha256 $@ || { echo "these are not the jars of $<" >&2; exit 1; }

$(HAPI_HL7V2_JARS): $(HAPI_HL7V2_SOURCE)/pom.xml $(HAPI_HL7V2_SOURCE)/jars.sha256
	@tools/debian.sh javac default-jdk-headless
	@tools/debian.sh mvn maven
	rm -rf $(@D)
	mvn --batch-mode --quiet --file $< $(MAVEN_COPY)-dependencies -DincludeScope=runtime -DoutputDirectory=$(abspath $(@D))
	@cd $(@D) && LC_ALL=C sha256sum *.jar >$(@F)
	@diff $(HAPI_HL7V2_SOURCE)/jars.sha256 $@ || { echo "these are not the jars of $<" >&2; exit 1; }

%.mo: %.po | $(ENVIRONMENT)
	@$(BIN)/pybabel --quiet compile --input-file $< --output-file $@

.PHONY: nginx
nginx:
	@tools/debian.sh nginx nginx-light

.PHONY: ldapsearch
ldapsearch: # without it three tests are skipped, and say why
	-@tools/debian.sh ldapsearch ldap-utils

.PHONY: chromium
chromium:
	@tools/debian.sh chromium chromium fonts-liberation
