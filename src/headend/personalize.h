/*
 * Personalization: units with secrets of their own (SPEC 3), and the stream of units in which they
 * travel to the control server (SPEC 15).
 */
#ifndef PAWL_HEADEND_PERSONALIZE_H
#define PAWL_HEADEND_PERSONALIZE_H

#include <stdint.h>

#include "headend/cms.h"
#include "pawl/pud.h"
#include "pawl/result.h"

#define PAWL_UNITS_PER_OBJECT 16384u /* units in one CMS object; a reader must take 65536 */

/* Makes one unit: `common` gives vendor, class, chain length, anchors and maximum; device_id and
 * unit_secret are drawn at random. PAWL_CRYPTO. Wipe `unit` after use. */
enum pawl_result pawl_unit_make(const struct pawl_pud *common, struct pawl_pud *unit);

/* A stream of units being written, in CMS objects when it has a recipient, plain otherwise. Holds
 * encoded units: pawl_units_writer_release wipes them. */
struct pawl_units_writer {
    int fd;                                     /* the caller's */
    const struct pawl_cms_recipient *recipient; /* the caller's; NULL: plain */
    uint8_t *bytes;                             /* units that wait for their object */
    size_t size, capacity;
    uint32_t pending; /* units in `bytes` */
    uint64_t count;   /* units added */
};

/* Starts a stream on `fd`. `expected` units may come (a hint for the buffer; 0: unknown).
 * PAWL_EXHAUSTED. */
enum pawl_result pawl_units_writer_init(struct pawl_units_writer *writer, int fd,
                                        const struct pawl_cms_recipient *recipient,
                                        uint64_t expected);

/* Adds one encoded PUD of at most PAWL_PUD_SIZE_MAX bytes. PAWL_IO, PAWL_CRYPTO, PAWL_EXHAUSTED. */
enum pawl_result pawl_units_writer_add(struct pawl_units_writer *writer, const uint8_t *pud,
                                       size_t size);

/* Writes what still waits. Same errors. */
enum pawl_result pawl_units_writer_finish(struct pawl_units_writer *writer);

/* Wipes and frees; harmless on a zeroed writer. */
void pawl_units_writer_release(struct pawl_units_writer *writer);

#endif
