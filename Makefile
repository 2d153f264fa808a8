# The two commands of a fresh machine are `make demo` and `make test`.
CARGO ?= cargo
ARGS ?=

.PHONY: help demo dev built test fuzz torture simulate schemathesis lint fmt servers browser contract

help: ## what there is
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):[^#]*## ?/  make \1\t/' | expand -t 16

demo: servers ## the sample journeys on sample events; ARGS=--exit ends by itself, ARGS=--reset starts afresh
	@$(CARGO) run --package parcours -- demo $(ARGS)

dev: servers ## everything on this machine, for writing journeys
	@$(CARGO) run --package parcours -- dev $(ARGS)

# The compiler that builds the tests looks at lints as well, so that nothing is compiled twice; a warning is an error.
LINTED = RUSTC_WORKSPACE_WRAPPER=clippy-driver CLIPPY_ARGS=-Dwarnings__CLIPPY_HACKERY__

built: ## build what is tested, with lints
	$(LINTED) $(CARGO) test --workspace --no-run

test: browser contract servers ## all tests, on real PostgreSQL and RabbitMQ, and in a real browser; formatting and lints
	$(CARGO) fmt --all --check
	$(LINTED) $(CARGO) test --workspace $(ARGS)

fuzz: ## random input against the language, templates, events and states; FUZZ_SECONDS each (60), by FUZZ_SEED (chance)
	@scripts/fuzz.sh

simulate: servers ## engines in simulated time with faults, against the model; SEEDS (50000) seeds from FROM (chance)
	@SEEDS=$(SEEDS) FROM=$(FROM) scripts/simulate.sh

schemathesis: servers contract ## ask the API what nobody would think of; SEED (chance), at most EXAMPLES (100) of each kind for an operation
	SCHEMATHESIS_SEED=$(or $(SEED),$(shell od -An -N4 -tu4 /dev/urandom | tr -d ' ')) SCHEMATHESIS_EXAMPLES=$(or $(EXAMPLES),100) \
		$(CARGO) test --package parcours-tests --test suite contract::fuzzed -- --nocapture

torture: servers ## kill -9 engines, PostgreSQL and RabbitMQ for TORTURE_SECONDS (600), from TORTURE_SEED, and audit
	@scripts/torture.sh

lint: ## formatting and lints, warnings included
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets -- -D warnings

fmt: ## format all code
	$(CARGO) fmt --all

browser: ## install what only tests need: a browser, a verifier of DKIM signatures
	@scripts/install-servers.sh browser

contract: ## install what the API is held against: a verifier, makers of clients, Schemathesis
	@scripts/contract.sh

servers: ## install PostgreSQL and RabbitMQ where they are missing; nothing is started
	@scripts/install-servers.sh
