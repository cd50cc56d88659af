/* Division of 64-bit numbers for processors that have none: the compiler's own function for it
 * takes 750 bytes of a small device, and nothing here divides often. */
#ifndef PAWL_CORE_DIVIDE_H
#define PAWL_CORE_DIVIDE_H

#include <stdint.h>

/* The quotient; `divisor` is not 0. */
uint64_t pawl_quotient(uint64_t dividend, uint32_t divisor);
uint32_t pawl_remainder(uint64_t dividend, uint32_t divisor);

#endif
