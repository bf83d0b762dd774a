# Two commands lead: `make demo` and `make test`.
SHELL := /bin/bash
.DEFAULT_GOAL := help

# Which engine `make demo` calls through: asterisk (unpacked from Debian's packages), simulator, or freeswitch.
ENGINE ?= asterisk

# How long each reader is fuzzed.
FUZZ_SECONDS ?= 60

# What measures time, or goes every way: by itself, built for speed.
MEASURES := /media::line::tests::crowd::|spoken::hundred::|budget::long::|explore::three/

.PHONY: help setup build demo test test-long fuzz lint bench screens deb clean

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

# The million runs on all cores by itself, one rule after the other, so that its progress can be seen.
test-long: setup fuzz ## The same with the tests that take hours, a million random days, and the fuzzer
	cargo nextest run --locked --profile long --run-ignored all \
	  -E "($$(scripts/engines-tested --filter)) and not test($(MEASURES))"
	TANDEM_CASES=1000000 cargo nextest run --locked --cargo-profile long --profile long --no-capture \
	  --test switchboard -E 'test(days::) or test(model::) or test(house_moments::)'
	cargo nextest run --locked --cargo-profile long --no-capture --run-ignored all --lib --test switchboard --test engines \
	  -E "($$(scripts/engines-tested --filter)) and test($(MEASURES))"
	@scripts/engines-tested --long

# RUSTC_BOOTSTRAP lets the pinned compiler instrument; what is found new stays in fuzz/target.
fuzz: ## Feed both wire readers with hostile bytes, FUZZ_SECONDS (60) each
	@scripts/setup fuzz
	@for reader in esl ari; do \
	  mkdir -p fuzz/target/corpus/$$reader && \
	  RUSTC_BOOTSTRAP=1 cargo fuzz run --sanitizer none $$reader fuzz/target/corpus/$$reader fuzz/corpus/$$reader -- \
	    -max_total_time=$(FUZZ_SECONDS) -print_final_stats=1 || exit 1; \
	done

bench: ## Measure the figures of the README
	cargo bench --locked

screens: ## Draw the README's pictures of the terminal anew, from a simulated day
	TANDEM_SCREENS=draw cargo nextest run --locked --test cli the_pictures

deb: ## Make the Debian package, in target/debian
	@scripts/package

clean: ## Remove everything that was built
	cargo clean
	rm -rf fuzz/target
