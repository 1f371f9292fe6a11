# Every command runs from this folder and installs what it needs first. `make help` lists them.
SHELL := /bin/sh
.DEFAULT_GOAL := help

TS := node -r ts-node/register/transpile-only
COMMAND := $(TS) commands/cli.ts
TOOLS := $(TS) tools/cli.ts
BIOME := node_modules/.bin/biome
MOCHA := node_modules/.bin/mocha
# What `make tools` installs: a command of its own group installs that by itself.
GROUPS := deploy cluster
# A Node.js that is new enough, and the npm packages of package-lock.json.
INSTALLED := preflight

.PHONY: help up down preview bootstrap deploy unlock state-restore doctor review review-post pr-up pr-down pr-list pr-sweep history drift smoke pr-open issue test test-long test-long-discard unit e2e check scan fix render generate bench tools shell preflight

help: ## this list
	@awk 'BEGIN { FS = ":.*## " } /^[a-z0-9-]+:.*## / { printf "make %-11s %s\n", $$1, $$2 }' Makefile

# What a run may delete or replace, from make's ALLOW or from the environment.
preview deploy: ALLOWED = DATASETS_SERVER_ALLOW="$${ALLOW:-$$DATASETS_SERVER_ALLOW}"

up: $(INSTALLED) ## fresh machine to a running datasets-server on a local cluster: REFRESH=1 undoes hand edits
	@$(COMMAND) up $(if $(REFRESH),--refresh)

preview: $(INSTALLED) ## what `make up` or `make deploy` would change: STACK=prod, default local; ARGS="further flags"
	@$(ALLOWED) $(COMMAND) preview --stack "$(or $(STACK),local)" -- $(ARGS)

down: $(INSTALLED) ## destroy stack local, stop its cluster, remove all but the cache
	@$(COMMAND) down

bootstrap: $(INSTALLED) ## create or verify the state's bucket, the key and the stack: STACK=prod
	@$(COMMAND) bootstrap --stack "$(STACK)"

deploy: $(INSTALLED) ## `pulumi up`, one run at a time: STACK=prod YES=1 ARGS="further flags"; ALLOW="Service/NAME" lets it delete or replace that
	@$(ALLOWED) $(COMMAND) deploy --stack "$(STACK)" $(if $(YES),--yes) -- $(ARGS)

history: $(INSTALLED) ## who updated a stack, when, from which commit, with which images: STACK=prod, default local; LIMIT=20
	@$(COMMAND) history --stack "$(or $(STACK),local)" $(if $(LIMIT),--limit "$(LIMIT)")

drift: $(INSTALLED) ## show where objects are no longer as they were deployed, and who wrote to them: STACK=prod, default local; OUT=drift.md
	@$(COMMAND) drift --stack "$(or $(STACK),local)" $(if $(OUT),--out "$(OUT)")

pr-open: $(INSTALLED) ## print the numbers of the open pull requests, as pr-sweep takes them
	@$(COMMAND) pr-open

smoke: $(INSTALLED) ## wait until the public entrance of a stack serves: STACK=prod
	@$(COMMAND) smoke --stack "$(STACK)"

issue: $(INSTALLED) ## open the one GitHub issue about something, or change it: ABOUT="drift of stack prod" FILE=drift.md
	@$(COMMAND) issue --about "$(ABOUT)" $(if $(FILE),--file "$(FILE)")

unlock: $(INSTALLED) ## show whose a lock is and remove it: STACK=prod, YES=1 without asking
	@$(COMMAND) unlock --stack "$(STACK)" $(if $(YES),--yes)

state-restore: $(INSTALLED) ## put the last readable state in the place of a damaged one, then refresh: STACK=prod
	@$(COMMAND) state-restore --stack "$(STACK)"

doctor: $(INSTALLED) ## look at all that a deploy needs, and say what to do about what is wrong: STACK=prod, default local
	@$(COMMAND) doctor --stack "$(or $(STACK),local)"

review: $(INSTALLED) ## preview stacks into one comment: STACKS="prod ephemeral" OUT=review.md LINK="where readers find the whole"
	@$(COMMAND) review --out "$(or $(OUT),review.md)" $(if $(LINK),--link "$(LINK)") -- $(or $(STACKS),prod ephemeral)

review-post: $(INSTALLED) ## post that comment, or edit the one that is there: PR=123 OUT=review.md
	@$(COMMAND) review-post --pr "$(PR)" --comment "$(or $(OUT),review.md)"

# Titles are anybody's text: the shell takes such values from the environment, and make never writes them into a command.
pr-%: ENVIRONMENTS = --target "$${TARGET:-ephemeral}"

pr-up: $(INSTALLED) ## a pull request's environment, up or up to date: PR=123 IMAGE_TAG=sha-abc1234 TTL=7d, TITLE, AUTHOR, HEAD_SHA; TARGET=local
	@$(COMMAND) pr-up $(ENVIRONMENTS) --pr="$$PR" --image-tag="$$IMAGE_TAG" --title="$$TITLE" --author="$$AUTHOR" --head-sha="$$HEAD_SHA" --ttl="$$TTL"

pr-down: $(INSTALLED) ## remove a pull request's environment: PR=123; TARGET=local
	@$(COMMAND) pr-down $(ENVIRONMENTS) --pr="$$PR"

pr-list: $(INSTALLED) ## show every pull request's environment: TARGET=local
	@$(COMMAND) pr-list $(ENVIRONMENTS)

pr-sweep: $(INSTALLED) ## remove environments whose time is over or whose pull request is not in OPEN="1 2 3": DRY_RUN=1 only says so; TARGET=local
	@$(COMMAND) pr-sweep $(ENVIRONMENTS) $(if $(filter undefined,$(origin OPEN)),,--open="$$OPEN") $(if $(DRY_RUN),--dry-run)

test: $(INSTALLED) ## all tests, on a fresh machine too: unit, then end-to-end
	@$(MAKE) --no-print-directory -j2 unit tools GROUPS="$(GROUPS) test"
	@$(MOCHA) --config tests/e2e/.mocharc.json

test-long: GROUPS += test long
test-long: $(INSTALLED) tools $(if $(FRESH),test-long-discard) ## hours, and goes on where it was interrupted: FRESH=1 starts over; KILLS, ENVIRONMENTS, AT_A_TIME, MUTATIONS, SEED
	@$(MOCHA) --config tests/long/.mocharc.json

test-long-discard: $(INSTALLED) ## end and forget what an interrupted test-long left to go on with
	@$(TS) tests/support/long/discard.ts

unit: $(INSTALLED) ## unit tests: mocha with mocks, no cluster
	@$(MOCHA)

e2e bench: GROUPS += test

e2e: $(INSTALLED) tools ## end-to-end tests: real engine, real Kubernetes API
	@$(MOCHA) --config tests/e2e/.mocharc.json

check: $(INSTALLED) ## types, lint, format, workflows, and kube-score on prod and ephemeral; read-only
	@node_modules/.bin/tsc --noEmit -p tsconfig.check.json
	@$(BIOME) check --error-on-warnings .
	@unformatted=$$(gofmt -l tools tests) && test -z "$$unformatted" || { echo "gofmt would change: $$unformatted. Next: make fix"; exit 1; }
	@$(TOOLS) lint-workflows
	@$(COMMAND) scan

scan: $(INSTALLED) ## kube-score on prod and ephemeral, and the objects that may stay as they are, each with the reason
	@$(COMMAND) scan --list

fix: $(INSTALLED) ## the same, writing what can be put right
	@$(BIOME) check --write .
	@gofmt -w tools tests

render: $(INSTALLED) ## every object of a stack as YAML, no cluster needed: STACK=prod OUT=folder
	@$(COMMAND) render --stack "$(or $(STACK),prod)" $(if $(OUT),--out "$(OUT)")

generate: $(INSTALLED) ## write tests/expected, config/stack.schema.json, docs/access.md, docs/rules.md, for review
	@$(COMMAND) generate

bench: $(INSTALLED) tools ## measure the figures into bench/results.md
	@$(COMMAND) bench

tools: $(INSTALLED) ## install the pinned tools of some groups: GROUPS="deploy eks cluster test check long", default deploy cluster
	@$(TOOLS) install $(GROUPS)

shell: $(INSTALLED) ## a shell where pulumi, kubectl and stack local are ready
	@$(TOOLS) shell

preflight:
	@node tools/preflight.cjs
