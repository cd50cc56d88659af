/*
 * The download key chain: one key per download by iterating a one-way function (SPEC 5).
 *
 * Sequence number s is download r = s mod N of epoch e = s div N; its key is link(e, N - r).
 * Whoever learns a link can compute the epoch's earlier downloads from it, never a later one (I6).
 */
#ifndef PAWL_CHAIN_H
#define PAWL_CHAIN_H

#include <stdint.h>

#include "pawl/identifier.h"
#include "pawl/keys.h"
#include "pawl/pud.h"
#include "pawl/result.h"

/* Walks `steps` steps from `link` in place: link = SHA-256("pawl" || device_id || link). */
void pawl_chain_walk(const uint8_t device_id[PAWL_ID_SIZE], uint8_t link[PAWL_KEY_SIZE],
                     uint32_t steps);

/* chain_root(e). */
void pawl_chain_root_make(const uint8_t unit_secret[PAWL_UNIT_SECRET_SIZE], uint64_t epoch,
                          uint8_t root[PAWL_KEY_SIZE]);

/* K(s) for a chain of length `chain_length` (1..65535). Secret: the caller wipes it. */
void pawl_download_key_make(const uint8_t unit_secret[PAWL_UNIT_SECRET_SIZE],
                            const uint8_t device_id[PAWL_ID_SIZE], uint32_t chain_length,
                            uint64_t sequence, uint8_t key[PAWL_KEY_SIZE]);

#endif
