# Compiler and linker flags, as interface targets:
#   pawl_warnings     language level, warnings as errors, include directories: every file of ours
#   pawl_flags        the above with hardening or sanitizers: everything that runs on this machine
#   pawl_freestanding the above warnings without OS, libc or start-up code: the device libraries

# Cross compilation for a machine without an operating system (cmake/arm-none-eabi.cmake).
set(PAWL_FIRMWARE OFF)
if(CMAKE_SYSTEM_NAME STREQUAL "Generic")
    set(PAWL_FIRMWARE ON)
endif()

option(PAWL_FUZZ "Build the libFuzzer targets only" OFF)
option(PAWL_COVERAGE "Instrument for gcovr" OFF)
set(PAWL_SANITIZE "" CACHE STRING "Sanitizers, as for -fsanitize=")

set(CMAKE_C_STANDARD 11)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
set(CMAKE_ARCHIVE_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/lib)

add_library(pawl_warnings INTERFACE)
target_include_directories(pawl_warnings INTERFACE
    ${CMAKE_SOURCE_DIR}/include ${CMAKE_SOURCE_DIR}/src ${CMAKE_BINARY_DIR}/generated)
target_compile_options(pawl_warnings INTERFACE
    -Wall -Wextra -Wpedantic -Werror
    -Wshadow -Wconversion -Wundef -Wvla -Wformat=2 -Wdouble-promotion -Wpointer-arith
    -Wwrite-strings -Wcast-align -Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition
    -Wmissing-declarations -Wredundant-decls -Wnested-externs -Wimplicit-fallthrough
    $<$<C_COMPILER_ID:GNU>:-Wlogical-op -Wduplicated-cond -Walloca -Wjump-misses-init>
    -ffunction-sections -fdata-sections -fno-strict-aliasing -fno-common)

add_library(pawl_flags INTERFACE)
target_link_libraries(pawl_flags INTERFACE pawl_warnings)
if(NOT PAWL_FIRMWARE)
    target_compile_definitions(pawl_flags INTERFACE _FILE_OFFSET_BITS=64)
    target_compile_options(pawl_flags INTERFACE -fPIE -fstack-protector-strong)
    target_link_options(pawl_flags INTERFACE
        -pie -Wl,--gc-sections -Wl,--as-needed -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack)

    if(CMAKE_C_COMPILER_ID STREQUAL "GNU")
        target_compile_options(pawl_flags INTERFACE -fstack-clash-protection)
    endif()
    if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
        target_compile_options(pawl_flags INTERFACE -fcf-protection)
    endif()

    if(PAWL_SANITIZE)
        target_compile_options(pawl_flags INTERFACE
            -fsanitize=${PAWL_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
        string(REPLACE "fuzzer-no-link" "" PAWL_SANITIZE_LINK "${PAWL_SANITIZE}")
        string(REGEX REPLACE "^,|,$" "" PAWL_SANITIZE_LINK "${PAWL_SANITIZE_LINK}")
        target_link_options(pawl_flags INTERFACE -fsanitize=${PAWL_SANITIZE_LINK})
    elseif(NOT CMAKE_BUILD_TYPE STREQUAL "Debug")
        target_compile_options(pawl_flags INTERFACE -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
    endif()

    if(PAWL_COVERAGE)
        target_compile_options(pawl_flags INTERFACE --coverage -fprofile-abs-path -fprofile-update=atomic)
        target_link_options(pawl_flags INTERFACE --coverage)
    endif()
endif()

add_library(pawl_freestanding INTERFACE)
target_link_libraries(pawl_freestanding INTERFACE pawl_warnings)
target_compile_options(pawl_freestanding INTERFACE
    -ffreestanding -fno-stack-protector -fno-builtin -U_FORTIFY_SOURCE -Os)
