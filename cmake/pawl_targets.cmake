# The few forms that a folder's CMakeLists.txt is written in. Lists are explicit; an empty list of
# sources is allowed and means that the folder has nothing yet.
#
#   pawl_library(NAME [FREESTANDING] SOURCES a.c ... DEPENDS targets ...)
#       A static library. FREESTANDING: a device library, C11 with nothing but mem*; it is
#       compiled a second time without libc into libpawl-device.a.
#   pawl_program(NAME SOURCES a.c ... DEPENDS targets ...)
#       A program in build/bin that `make` builds and `make install` installs.
#   pawl_tool(NAME SOURCES a.c ... DEPENDS targets ...)
#       A program for tests and benchmarks in build/tools; neither built by `make` nor installed.
#   pawl_test(NAME SOURCES a.c ... DEPENDS targets ... [ONLY release|debug] [TIMEOUT seconds])
#       A cmocka program (tests/include/pawl_test.h), run in its own folder's source directory.
#   pawl_script_test(NAME script [ARGS a ...] [ONLY release|debug] [TIMEOUT seconds] [SERIAL])
#       A script that exits 0 on success. It finds PAWL_SOURCE (the source tree), PAWL_BUILD (this
#       build), PAWL_BIN (the programs), PAWL_TOOLS and PAWL_SANITIZED (0 or 1) in its environment.
#   pawl_fuzzer(NAME SOURCES a.c ... DEPENDS targets ... [SEEDS directory])
#       A libFuzzer target, run for $PAWL_FUZZ_SECONDS (10) from the seeds and what it found before.
#
# ONLY: a test runs in the release (build/) and in the sanitized build (build-debug/) unless it says
# which one. SERIAL: nothing else runs beside it.

set(PAWL_PLACEHOLDER ${CMAKE_BINARY_DIR}/generated/placeholder.c)
file(WRITE ${PAWL_PLACEHOLDER} "extern int pawl_placeholder;\n")

add_custom_target(tools)
add_custom_target(tests)
add_custom_target(fuzzers)
add_dependencies(tests tools)

set(PAWL_SANITIZED 0)
set(PAWL_FLAVOUR release)
if(PAWL_SANITIZE)
    set(PAWL_SANITIZED 1)
    set(PAWL_FLAVOUR debug)
elseif(PAWL_COVERAGE)
    set(PAWL_FLAVOUR coverage)
endif()
set(PAWL_TEST_ENVIRONMENT
    PAWL_SOURCE=${CMAKE_SOURCE_DIR}
    PAWL_BUILD=${CMAKE_BINARY_DIR}
    PAWL_BIN=${CMAKE_BINARY_DIR}/bin
    PAWL_TOOLS=${CMAKE_BINARY_DIR}/tools
    PAWL_SANITIZED=${PAWL_SANITIZED}
    "UBSAN_OPTIONS=print_stacktrace=1"
    "ASAN_OPTIONS=detect_stack_use_after_return=1:strict_string_checks=1")

function(pawl_library name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "FREESTANDING" "" "SOURCES;DEPENDS")
    if(NOT arg_SOURCES)
        set(arg_SOURCES ${PAWL_PLACEHOLDER})
    endif()
    add_library(${name} STATIC ${arg_SOURCES})
    target_link_libraries(${name} PUBLIC pawl_flags ${arg_DEPENDS})
    if(arg_FREESTANDING AND NOT PAWL_FIRMWARE)
        add_library(${name}_freestanding OBJECT ${arg_SOURCES})
        target_link_libraries(${name}_freestanding PUBLIC pawl_freestanding)
    elseif(NOT arg_FREESTANDING)
        target_compile_definitions(${name} PRIVATE _GNU_SOURCE)
    endif()
endfunction()

function(pawl_executable name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;DEPENDS")
    add_executable(${name} ${arg_SOURCES})
    target_compile_definitions(${name} PRIVATE _GNU_SOURCE)
    target_link_libraries(${name} PRIVATE pawl_flags ${arg_DEPENDS})
endfunction()

function(pawl_program name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;DEPENDS")
    if(arg_SOURCES)
        pawl_executable(${name} ${ARGN})
        add_dependencies(tests ${name})
        install(TARGETS ${name} RUNTIME)
    endif()
endfunction()

function(pawl_tool name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;DEPENDS")
    if(arg_SOURCES)
        pawl_executable(${name} ${ARGN})
        set_target_properties(${name} PROPERTIES
            EXCLUDE_FROM_ALL ON RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tools)
        add_dependencies(tools ${name})
    endif()
endfunction()

# Registers COMMAND with ctest, unless ONLY names the other build.
function(pawl_add_test name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "SERIAL" "ONLY;TIMEOUT" "COMMAND")
    if(arg_ONLY AND NOT arg_ONLY STREQUAL PAWL_FLAVOUR)
        return()
    endif()
    if(NOT arg_TIMEOUT)
        set(arg_TIMEOUT 120)
    endif()
    add_test(NAME ${name} COMMAND ${arg_COMMAND} WORKING_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR})
    set_tests_properties(${name} PROPERTIES
        TIMEOUT ${arg_TIMEOUT} RUN_SERIAL ${arg_SERIAL} ENVIRONMENT "${PAWL_TEST_ENVIRONMENT}")
endfunction()

function(pawl_test name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "ONLY;TIMEOUT" "SOURCES;DEPENDS")
    if(NOT arg_SOURCES OR NOT TARGET PkgConfig::CMOCKA)
        return()
    endif()
    pawl_executable(${name} SOURCES ${arg_SOURCES} DEPENDS ${arg_DEPENDS} PkgConfig::CMOCKA)
    target_include_directories(${name} PRIVATE ${CMAKE_SOURCE_DIR}/tests/include)
    set_target_properties(${name} PROPERTIES
        EXCLUDE_FROM_ALL ON RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
    add_dependencies(tests ${name})
    pawl_add_test(${name} COMMAND ${name} ONLY "${arg_ONLY}" TIMEOUT "${arg_TIMEOUT}")
endfunction()

function(pawl_script_test name script)
    cmake_parse_arguments(PARSE_ARGV 2 arg "SERIAL" "ONLY;TIMEOUT" "ARGS")
    set(options ONLY "${arg_ONLY}" TIMEOUT "${arg_TIMEOUT}")
    if(arg_SERIAL)
        list(APPEND options SERIAL)
    endif()
    pawl_add_test(${name} ${options} COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/${script} ${arg_ARGS})
endfunction()

function(pawl_fuzzer name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "SEEDS" "SOURCES;DEPENDS")
    if(NOT PAWL_FUZZ OR NOT arg_SOURCES)
        return()
    endif()
    pawl_executable(${name} SOURCES ${arg_SOURCES} DEPENDS ${arg_DEPENDS})
    target_link_options(${name} PRIVATE -fsanitize=fuzzer)
    add_dependencies(fuzzers ${name})
    pawl_add_test(${name} TIMEOUT 86400
        COMMAND ${CMAKE_SOURCE_DIR}/scripts/fuzz.sh $<TARGET_FILE:${name}> ${arg_SEEDS})
endfunction()
