/*
 * Where records lie in flash (SPEC 13.2): the first half of a slot's record area holds the trial
 * record and its two marks, the second half the committed record.
 *
 * A mark is one write unit behind the trial record, programmed once. Marks are under no MAC:
 * whoever writes one can only end an attempt.
 */
#ifndef PAWL_PROCESSOR_RECORD_SLOT_H
#define PAWL_PROCESSOR_RECORD_SLOT_H

#include <stdbool.h>

#include "pawl/port.h"
#include "processor/record.h"

/* Bytes that a half must have for a write unit. */
size_t pawl_record_half_min(uint32_t write_size);

/* Writes the encoded record into the half of its role and reads it back. PAWL_STORAGE, or what the
 * port returned. */
enum pawl_result pawl_record_store(const struct pawl_port *port, unsigned slot, enum pawl_role role,
                                   const uint8_t bytes[PAWL_RECORD_SIZE]);
enum pawl_result pawl_record_fetch(const struct pawl_port *port, unsigned slot, enum pawl_role role,
                                   uint8_t bytes[PAWL_RECORD_SIZE]);
enum pawl_result pawl_record_erase(const struct pawl_port *port, unsigned slot,
                                   enum pawl_role role);

/* What became of a trial record's package. */
enum pawl_mark {
    PAWL_MARK_ATTEMPT, /* its image was about to be started; its code is PAWL_ATTEMPT_CODE */
    PAWL_MARK_OUTCOME  /* the attempt ended: enum pawl_failure or a result class */
};
#define PAWL_ATTEMPT_CODE 0x5au

enum pawl_result pawl_mark_write(const struct pawl_port *port, unsigned slot, enum pawl_mark mark,
                                 uint32_t code);
/* 0 when there is none; PAWL_FAILURE_POWER for a torn one. */
enum pawl_result pawl_mark_read(const struct pawl_port *port, unsigned slot, enum pawl_mark mark,
                                uint32_t *code);

#endif
