/* Handling of secrets (invariant I8). */
#ifndef PAWL_SECRET_H
#define PAWL_SECRET_H

#include <stdbool.h>
#include <stddef.h>

/* Overwrites `size` bytes with zeros; the compiler cannot remove it. */
void pawl_wipe(void *bytes, size_t size);

/* Copies `size` bytes of a secret. A compiler may put parts of what it copies by itself on the
 * stack, where nobody wipes them. */
void pawl_secret_copy(void *to, const void *from, size_t size);

/* Compares `size` bytes in time that depends on `size` alone. */
bool pawl_equal(const void *a, const void *b, size_t size);

#endif
