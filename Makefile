# A thin layer over the CMake presets; each target installs the packages that it needs first.
#
#   make            release programs in build/bin
#   make firmware   for microcontrollers: build-cortex-m33/bin, build-mps2-an385/bin
#   make demo       the whole story on this machine, from keys to attacks
#   make demo-cortex-m33   the same on a microcontroller that QEMU emulates
#   make test       every test, in the release and the sanitized build, and 10 s of each fuzzer
#   make bench      figures and ratios, written to build/bench.json
#   make fuzz       the fuzzers, SECONDS=n each (default 600)
#   make soak       kills and comparisons with ever new seeds, SECONDS=n in all (default 600)
#   make mutation   defences taken out one by one: a test must notice each
#   make coverage   which lines the tests reach, in build-coverage/report
#   make install    PREFIX (default /usr/local) and DESTDIR
#   make format     lay out the sources with clang-format
#   make setup-all  every package of packages/*.txt

PREFIX ?= /usr/local
JOBS ?= $(shell nproc)
SECONDS ?= 600

all: setup-build
	@[ -f build/build.ninja ] || cmake --preset release
	@cmake --build build -j $(JOBS)

firmware: setup-build setup-firmware
	@for machine in cortex-m33 mps2-an385; do \
		[ -f build-$$machine/build.ninja ] || cmake --preset $$machine >/dev/null || exit 1; \
		cmake --build build-$$machine -j $(JOBS) || exit 1; done

demo: setup-demo all
	@cmake --build build -j $(JOBS) --target pawl-fleet
	@scripts/demo.sh

demo-cortex-m33: setup-demo firmware all
	@scripts/demo_cortex_m33.sh

test: setup-build setup-test setup-firmware
	@JOBS=$(JOBS) scripts/test.sh

bench: setup-bench firmware all
	@cmake --build build -j $(JOBS) --target tools
	@bench/run.sh build/bench.json

fuzz: setup-build setup-test
	@cmake --preset fuzz
	@cmake --build build-fuzz -j $(JOBS) --target fuzzers
	@PAWL_FUZZ_SECONDS=$(SECONDS) ctest --test-dir build-fuzz -j $(JOBS) --output-on-failure

soak: setup-test firmware all
	@cmake --build build -j $(JOBS) --target tools m33_watch
	@scripts/soak.sh $(SECONDS)

mutation: setup-build setup-test all
	@cmake --build build -j $(JOBS) --target tests
	@scripts/mutation.sh

coverage: setup-build setup-test setup-develop
	@cmake --preset coverage
	@cmake --build build-coverage -j $(JOBS) --target all tests
	@ctest --test-dir build-coverage -j $(JOBS) --output-on-failure
	@mkdir -p build-coverage/report
	@gcovr --root . --filter src/ --filter port/ --print-summary \
		--html-details build-coverage/report/index.html build-coverage

install: all
	@cmake --install build --prefix $(PREFIX)

format: setup-develop
	@scripts/format.sh

clean:
	@rm -rf build build-debug build-coverage build-fuzz build-cortex-m33 build-cortex-m33-psa \
		build-mps2-an385

setup-all: setup-build setup-test setup-firmware setup-demo setup-bench setup-develop

setup-%:
	@scripts/setup.sh $*

# Set-up comes before what needs it, also with -j.
.NOTPARALLEL:

.PHONY: all firmware demo demo-cortex-m33 test bench fuzz soak mutation coverage install format clean setup-all
