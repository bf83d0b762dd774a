# Two commands lead: `make demo` and `make test`.
SHELL := /bin/bash
.DEFAULT_GOAL := help

# Which engine `make demo` calls through: asterisk (unpacked from Debian's packages), simulator, or freeswitch.
ENGINE ?= asterisk

.PHONY: help setup build demo test test-long lint bench clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## Install what the tests need (Debian packages, the test runner)
	@scripts/setup

build: ## Build the program: target/debug/tandem
	cargo build --locked

demo: ## Real calls on this machine until Ctrl-C (ENGINE=asterisk|simulator|freeswitch)
	@scripts/setup demo
	cargo run --locked -- demo --engine $(ENGINE)

lint:
	cargo fmt --check
	cargo clippy --locked --all-targets -- -D warnings

test: setup lint ## Run every test
	cargo nextest run --locked -E "$$(scripts/engines-tested --filter)"
	@scripts/engines-tested

test-long: setup ## The same with a million random cases, and the tests that take hours
	TANDEM_CASES=1000000 cargo nextest run --locked --profile long --run-ignored all \
	  -E "$$(scripts/engines-tested --filter)"
	@scripts/engines-tested

bench: ## Measure the figures of the README
	cargo bench --locked

clean: ## Remove everything that was built
	cargo clean
