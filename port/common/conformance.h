/*
 * What a porter runs on the target before anything else: does this port do what include/pawl/port.h
 * and include/pawl/crypto.h ask? It spoils a page of flash, and moves the counter on by one: run it
 * on a device that was not personalized yet.
 *
 * What it cannot see is power: that a program that was cut short shows, and that what was read back
 * stays (SPEC 13.11). For that there are the flash's data sheet, and a switch.
 */
#ifndef PAWL_PORT_CONFORMANCE_H
#define PAWL_PORT_CONFORMANCE_H

#include "pawl/port.h"

struct pawl_conformance {
    const struct pawl_port *port;
    /* Two pages of flash, or more, that nothing needs, from which one is erased at a time. */
    struct pawl_area scratch;
    /* Told of each check: what was asked, and whether it holds. */
    void (*tell)(const char *check, bool holds);
};

/* Runs all checks and returns how many did not hold. */
unsigned pawl_conformance_run(const struct pawl_conformance *conformance);

/* Those of the crypto adapter alone (conformance_crypto.c). */
unsigned pawl_conformance_crypto(const struct pawl_conformance *conformance);

#endif
