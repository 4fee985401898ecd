# Two commands matter: `make run` and `make test`. Both install what is missing and build first.
PRESET ?= release
BUILD := build/$(PRESET)
JOBS ?= $(shell nproc)
SECONDS ?= 5
export MLBOT_THIRD_PARTY ?= $(CURDIR)/build/third_party

.PHONY: run test conformance fuzz nightly nightly-archive nightly-features nightly-bus nightly-journal nightly-model nightly-processes nightly-simulate bench soak test-asan test-tsan tidy format build docs clean

run:  ## the whole bot on the embedded exchange, its page open at http://127.0.0.1:8787
	@tools/setup run
	@$(MAKE) --no-print-directory build TARGETS=mlbot
	@exec $(BUILD)/bin/mlbot run $(ARGS)

test:  ## every test; the last line is the count
	@tools/setup test
	@$(MAKE) --no-print-directory build
	@$(MAKE) --no-print-directory fuzz SECONDS=3
	@tools/run_tests $(BUILD)

conformance:  ## other people's clients on our exchange: ccxt and bybit-api from npm
	@tools/setup test
	@$(MAKE) --no-print-directory build TARGETS="mlbot our_requests mlbot_candle_rows"
	@ctest --test-dir $(BUILD) -L conformance --output-on-failure

fuzz:  ## every fuzz target for SECONDS
	@tools/setup test
	@$(MAKE) --no-print-directory build PRESET=fuzz TARGETS=fuzzers
	@tools/run_fuzzers build/fuzz $(SECONDS)

nightly:  ## what takes long: ten minutes for each fuzz target, 1e8 feature values made again
	@$(MAKE) --no-print-directory fuzz SECONDS=600
	@$(MAKE) --no-print-directory nightly-features
	@$(MAKE) --no-print-directory nightly-archive
	@$(MAKE) --no-print-directory nightly-journal
	@$(MAKE) --no-print-directory nightly-model
	@$(MAKE) --no-print-directory nightly-bus
	@$(MAKE) --no-print-directory nightly-processes
	@$(MAKE) --no-print-directory nightly-simulate

nightly-processes:  ## kill -9 of a trading bot, ten thousand times; a thousand kill drills; stopped, cut off, starved; judged by the exchange's own lists
	@$(MAKE) --no-print-directory build TARGETS="mlbot processes_test"
	@MLBOT_KILL_ROUNDS=10000 $(BUILD)/bin/processes_test --gtest_filter='KillLoop.*'
	@MLBOT_DRILL_ROUNDS=60 $(BUILD)/bin/processes_test --gtest_filter='KillDrill.*'
	@MLBOT_MISFORTUNE_ROUNDS=60 $(BUILD)/bin/processes_test --gtest_filter='Misfortune.*'

nightly-model:  ## the interleavings of one order's life, three steps deeper than in `make test`
	@$(MAKE) --no-print-directory build TARGETS=mlbot_core_orders_test
	@MLBOT_MODEL_DEPTH=3 $(BUILD)/bin/mlbot_core_orders_test --gtest_filter='Worlds/*'

nightly-bus:  ## two thousand misfortunes of a real Redis instead of a dozen; every record heard once or in a named gap
	@$(MAKE) --no-print-directory build TARGETS=mlbot_io_bus_test
	@MLBOT_BUS_ROUNDS=500 $(BUILD)/bin/mlbot_io_bus_test --gtest_filter='RedisMisfortune.Every*'

nightly-archive:  ## the archiver killed six thousand times, the bot on a disk that refuses in twenty places, an hour's soak
	@$(MAKE) --no-print-directory build TARGETS="mlbot_io_archive_test faults_test"
	@MLBOT_CRASH_ROUNDS=2000 $(BUILD)/bin/mlbot_io_archive_test --gtest_filter='ArchiveCrash.*'
	@MLBOT_FAULT_ROUNDS=10 $(BUILD)/bin/faults_test
	@$(MAKE) --no-print-directory soak

nightly-journal:  ## the journal killed, cut and refused a hundred times as often as in make test; counts are printed
	@$(MAKE) --no-print-directory build TARGETS=mlbot_io_journal_test
	@MLBOT_PROOF_ROUNDS=100 $(BUILD)/bin/mlbot_io_journal_test --gtest_filter='Proof.*'

nightly-simulate:  ## a hundred thousand worlds, every rare situation among them; the same hash with clang
	@$(MAKE) --no-print-directory build TARGETS=mlbot
	@$(BUILD)/bin/mlbot simulate --seeds 100000 --jobs $(JOBS) --must-happen
	@$(MAKE) --no-print-directory build PRESET=clang TARGETS=mlbot
	@test "$$($(BUILD)/bin/mlbot simulate --seeds 2000 --jobs $(JOBS) --trace-hash)" = \
	      "$$(build/clang/bin/mlbot simulate --seeds 2000 --jobs $(JOBS) --trace-hash)" && echo "g++ and clang: the same trace"

nightly-features:  ## a hundred hours of frames, made again from their journal: at least 1e8 values, all equal
	@$(MAKE) --no-print-directory build TARGETS=mlbot
	@rm -rf build/nightly
	@$(BUILD)/bin/mlbot backtest --hours 100 --seed 4 --journal build/nightly --state-dir build/nightly/no_model
	@$(BUILD)/bin/mlbot features verify --recorded --values-min 100000000 --state-dir build/nightly

build:
	@[ -f $(BUILD)/build.ninja ] || cmake --preset $(PRESET) >/dev/null
	@ninja -C $(BUILD) -j $(JOBS) $(TARGETS)

bench:  ## the published figures, into build/bench/
	@tools/setup test
	@$(MAKE) --no-print-directory build PRESET=bench
	@tools/run_benches build/bench

soak:  ## journal, ring and archive for an hour at 20 000 events a second: resident memory every ten seconds, then in one line
	@$(MAKE) --no-print-directory build PRESET=bench TARGETS=mlbot_soak
	@build/bench/bin/mlbot_soak $(ARGS)

test-asan:  ## the suite under AddressSanitizer and UndefinedBehaviorSanitizer
	@tools/setup check
	@$(MAKE) --no-print-directory build PRESET=asan-ubsan
	@tools/run_tests build/asan-ubsan

test-tsan:  ## the suite under ThreadSanitizer
	@tools/setup check
	@$(MAKE) --no-print-directory build PRESET=tsan
	@# DuckDB holds more locks at once than the sanitizer's deadlock detector can count.
	@TSAN_OPTIONS=detect_deadlocks=0 tools/run_tests build/tsan

tidy:  ## clang-tidy over what differs from main, or FILES=...
	@tools/setup check
	@tools/tidy $(FILES)

format:
	@git ls-files '*.h' '*.cpp' | xargs clang-format-19 -i

docs: build  ## the pages that are printed from declarations
	@$(BUILD)/bin/mlbot features list --markdown > docs/features.md
	@mkdir -p docs/reference
	@$(BUILD)/bin/mlbot risk list --markdown > docs/reference/risk-controls.md

clean:
	rm -rf build/release build/debug build/bench build/asan-ubsan build/tsan build/fuzz build/clang
