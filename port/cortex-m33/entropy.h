/*
 * Unpredictable bytes for nonces and instances.
 *
 * Honestly: this board has no noise source. What is taken instead is the phase between the
 * processor's clock and the accesses to a slow bus (in QEMU: the host's scheduling), hashed with
 * the unit secret and the counter. The secret keeps the outcome from everybody who does not hold
 * it; the jitter, and only that, tells two copies of one device apart. A chip with a noise source
 * replaces sample() and keeps the rest.
 */
#ifndef PAWL_ENTROPY_H
#define PAWL_ENTROPY_H

#include <stddef.h>
#include <stdint.h>

#include "pawl/pud.h"
#include "pawl/result.h"

/* PAWL_IO when the source gives the same again and again, a hundred thousand times.
 * `counter` is any number that does not repeat across starts. */
enum pawl_result pawl_entropy_open(const struct pawl_pud *pud, uint64_t counter);
enum pawl_result pawl_entropy_get(void *bytes, size_t size);

#endif
