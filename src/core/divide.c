#include "core/divide.h"

/* Bit by bit from the top, as on paper. */
uint64_t pawl_quotient(uint64_t dividend, uint32_t divisor)
{
    uint64_t quotient = 0, rest = 0;

    for (int bit = 63; bit >= 0; bit--) {
        rest = rest << 1 | (dividend >> bit & 1);
        quotient <<= 1;
        if (rest >= divisor) {
            rest -= divisor;
            quotient |= 1;
        }
    }
    return quotient;
}

uint32_t pawl_remainder(uint64_t dividend, uint32_t divisor)
{
    return (uint32_t)(dividend - pawl_quotient(dividend, divisor) * divisor);
}
