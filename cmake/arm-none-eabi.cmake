# Cross compilation for Arm microcontrollers with Debian's arm-none-eabi-gcc and newlib-nano, of which
# only mem* are used. PAWL_MACHINE names the folder of port/ whose firmware is built: its row
# below says for which processor.
set(CMAKE_SYSTEM_NAME Generic)
set(CMAKE_SYSTEM_PROCESSOR arm)
set(CMAKE_C_COMPILER arm-none-eabi-gcc)
set(CMAKE_ASM_COMPILER arm-none-eabi-gcc)
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)
list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES PAWL_MACHINE)

set(PAWL_CPU_cortex-m33 -mcpu=cortex-m33)
set(PAWL_CPU_mps2-an385 -mcpu=cortex-m3)
set(CMAKE_C_FLAGS_INIT "${PAWL_CPU_${PAWL_MACHINE}} -mthumb -mfloat-abi=soft")
set(CMAKE_ASM_FLAGS_INIT "${CMAKE_C_FLAGS_INIT}")
# Freestanding: no part of libc but mem*. The call graph with the stack of each function is for
# tests/cortex_m33/footprint.py; a compiler cache does not keep it, so the presets use none.
# What -Os leaves on and costs size all the same (measured, 124 bytes of core and engine): values
# kept for later in one more register, and an order of instructions for processors that need one.
set(PAWL_SMALL "-Os -fno-tree-pre -fno-code-hoisting -fno-schedule-insns2")
set(CMAKE_C_FLAGS_MINSIZEREL "${PAWL_SMALL} -g -ffreestanding -fcallgraph-info=su")
set(CMAKE_EXE_LINKER_FLAGS_INIT
    "-nostartfiles --specs=nano.specs -Wl,--gc-sections -Wl,--no-warn-rwx-segments")
