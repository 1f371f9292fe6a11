# The commands of those who work on the project. Whatever is about a stack is a command of ./ds (./ds --help).
SHELL := /bin/sh
.DEFAULT_GOAL := help

BIOME := node_modules/.bin/biome
MOCHA := node_modules/.bin/mocha

# Every variable that means something here; any other on the command line is a mistake.
SWITCHES := REFRESH FRESH
VARIABLES := $(SWITCHES) GROUPS KILLS ENVIRONMENTS AT_A_TIME MUTATIONS PAIRS REQUESTS SEED
given := $(foreach name,$(.VARIABLES),$(if $(filter command,$(firstword $(origin $(name)))),$(name)))
unknown := $(filter-out $(VARIABLES),$(given))
$(if $(unknown),$(error there is no variable $(unknown); allowed: $(VARIABLES). Stacks are arguments of ./ds, as in: ./ds preview prod))

# 1, yes and true switch on; 0, no, false and nothing leave off.
check-switch = $(if $(filter-out 1 yes true 0 no false,$($(1))),$(error $(1)=$($(1)) is neither on nor off; allowed: 1, yes, true, 0, no, false))
$(foreach name,$(SWITCHES),$(call check-switch,$(name)))
on = $(filter 1 yes true,$($(1)))

# A real node runs on Linux alone.
real := $(if $(filter Linux,$(shell uname)),node)

.PHONY: help up down test test-long test-long-discard unit e2e check fix generate parity bench tools installed

help: ## this list
	@awk 'BEGIN { FS = ":.*## " } /^[a-z0-9-]+:.*## / { printf "make %-18s %s\n", $$1, $$2 }' Makefile
	@echo "Everything about a stack: ./ds --help"

up: ## a local copy on a simulated cluster, from whatever is there: REFRESH=1 undoes changes by hand
	@./ds up $(if $(call on,REFRESH),--refresh)

down: ## take the local copy down; the tools stay in the cache
	@./ds down

test: installed ## all tests, on a fresh machine too: unit, then end-to-end
	@$(MAKE) --no-print-directory -j2 unit tools GROUPS="deploy cluster test $(real)"
	@$(MOCHA) --config tests/e2e/.mocharc.json

test-long: GROUPS := deploy cluster test long $(real)
test-long: tools $(if $(call on,FRESH),test-long-discard) ## hours, and goes on where it was interrupted: FRESH=1 starts over; KILLS, ENVIRONMENTS, AT_A_TIME, MUTATIONS, PAIRS, REQUESTS, SEED
	@$(MOCHA) --config tests/long/.mocharc.json

test-long-discard: installed ## end and forget what an interrupted test-long left to go on with
	@node -r ts-node/register/transpile-only tests/support/long/discard.ts

unit: installed ## unit tests: mocha with mocks, no cluster
	@$(MOCHA)

e2e bench: GROUPS := deploy cluster test $(real)

e2e: tools ## end-to-end tests: the real Pulumi, a real Kubernetes API
	@$(MOCHA) --config tests/e2e/.mocharc.json

check: installed ## types, lint, format and workflows; read-only
	@node_modules/.bin/tsc --noEmit -p tsconfig.check.json
	@$(BIOME) check --error-on-warnings .
	@unformatted=$$(gofmt -l tools tests) && test -z "$$unformatted" || { echo "gofmt would change: $$unformatted. Next: make fix"; exit 1; }
	@./ds tools lint-workflows

fix: installed ## the same, writing what can be put right
	@$(BIOME) check --write .
	@gofmt -w tools tests

parity: installed ## how stack prod differs from the Helm chart that it replaces: a report, for docs/cutover.md
	@node -r ts-node/register/transpile-only tests/support/parityReport.ts

generate: ## write tests/expected, config/stack.schema.json, docs/configuration.md, docs/rules.md, for review
	@./ds generate

bench: tools ## measure the figures into bench/results.md
	@node -r ts-node/register/transpile-only bench/main.ts

tools: ## install the pinned tools of a local run, or of the groups in GROUPS: GROUPS="deploy eks"
	@./ds tools install $(GROUPS)

installed:
	@node tools/preflight.cjs

# What were targets until ds came.
moved = @echo "make $@ is now: ./ds $(1)" >&2; exit 2
.PHONY: preview deploy bootstrap history drift smoke doctor render unlock state-restore shell issue review review-post pr-up pr-down pr-list pr-sweep pr-open
preview deploy bootstrap history drift smoke doctor render unlock: ; $(call moved,$@ STACK)
state-restore: ; $(call moved,restore STACK)
shell issue: ; $(call moved,$@)
review: ; $(call moved,review STACK... --out FILE)
review-post: ; $(call moved,review post --pr N --comment FILE)
pr-up: ; $(call moved,pr up N --image TAG)
pr-down: ; $(call moved,pr down N)
pr-list pr-sweep pr-open: ; $(call moved,$(subst -, ,$@))
