.PHONY: demo test check bench bench-expressions fuzz expressions expressions-record

# The main job: builds, then runs the examples against a simulated Azure and prints how to call them.
demo:
	cargo run --release --locked -p sekisho -- demo

# Everything: unit, property, conformance and end-to-end tests, and the real clients. Installs what it needs.
test:
	./tests/run

# Expressions against a real .NET implementation: the files of conformance/expressions, then random ones.
expressions:
	./tests/run expressions

# The same files, and keeps the answers of .NET beside them.
expressions-record:
	cargo run --quiet --locked -p sekisho-oracle -- cases --record

# Formatting, lints, licences.
check:
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked -- -D warnings
	if command -v cargo-deny >/dev/null; then cargo deny check bans licenses sources; fi

# Nanoseconds and instructions of the common expressions; fails when instructions grew by more than 5 %.
bench-expressions:
	./crates/expression/benches/run

# Hostile expressions for FUZZ_SECONDS; FUZZ_SEED chooses others.
FUZZ_SECONDS ?= 1200
FUZZ_SEED ?= 1
fuzz:
	SEKISHO_FUZZ_SECONDS=$(FUZZ_SECONDS) SEKISHO_FUZZ_SEED=$(FUZZ_SEED) \
		cargo test --profile fuzz --locked -p sekisho-expression --test fuzz -- --nocapture

# Side by side with nginx on loopback.
bench:
	./bench/run
