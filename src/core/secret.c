#include "pawl/secret.h"

#include <stdint.h>
#include <string.h>

void pawl_wipe(void *bytes, size_t size)
{
    if (size == 0)
        return;
    memset(bytes, 0, size);
    /* Somebody may look at the bytes, for all that the compiler knows. */
    __asm__ volatile("" : : "r"(bytes) : "memory");
}

void pawl_secret_copy(void *to, const void *from, size_t size)
{
    memcpy(to, from, size); /* of a size that nobody knows here: a call, and no registers of ours */
}

bool pawl_equal(const void *a, const void *b, size_t size)
{
    const uint8_t *left = a;
    const uint8_t *right = b;
    uint32_t difference = 0;

    for (size_t i = 0; i < size; i++) {
        difference |= (uint32_t)left[i] ^ right[i];
        /* Hide what is known so far: a compiler may otherwise leave the loop early. */
        __asm__("" : "+r"(difference));
    }
    return difference == 0;
}
