/*
 * A one-time programmable area that holds the personalized unit data (SPEC 14.8): written once in
 * the factory, refused ever after.
 *
 * Bits can only be cleared. A personalization that was cut short is finished with the same data; no
 * other is taken, and what is incomplete is no unit data.
 */
#ifndef PAWL_PORT_OTP_H
#define PAWL_PORT_OTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pawl/pud.h"
#include "pawl/result.h"

/* Bytes that an area needs: "PAWLOTP1", u32be length, the PUD, and the first 16 bytes of the digest
 * of all before it, filled up. */
#define PAWL_OTP_SIZE 1024u

/* The area's words: memory-mapped, as fuses are, and outside what flash drivers are given. */
struct pawl_otp {
    volatile uint32_t *words;
};

/* Decodes the unit data. PAWL_STATE when there is none yet, also when it was begun; PAWL_CORRUPT
 * when it decodes to nothing although it is whole. Wipe `pud`. */
enum pawl_result pawl_otp_read(const struct pawl_otp *otp, struct pawl_pud *pud);

/* Writes `size` bytes of an encoded PUD, after decoding them. PAWL_STATE when the area holds
 * anything that these bytes would not have left there; PAWL_STORAGE when it did not take them. */
enum pawl_result pawl_otp_write(const struct pawl_otp *otp, const uint8_t *bytes, size_t size);

#endif
