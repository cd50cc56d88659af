#include "headend/personalize.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/rand.h>

#include "host/file.h"
#include "host/secret.h"
#include "pawl/secret.h"

#define PLAIN_BUFFER_SIZE \
    (256u * 1024u) /* without encryption, units are written in such pieces \
                                          */

enum pawl_result pawl_unit_make(const struct pawl_pud *common, struct pawl_pud *unit)
{
    struct pawl_pud made = *common;

    if (RAND_bytes(made.device_id, sizeof made.device_id) != 1 ||
        RAND_priv_bytes(made.unit_secret, sizeof made.unit_secret) != 1) {
        ERR_clear_error();
        return PAWL_CRYPTO;
    }
    *unit = made;
    pawl_wipe(&made, sizeof made);
    return PAWL_OK;
}

enum pawl_result pawl_units_writer_init(struct pawl_units_writer *writer, int fd,
                                        const struct pawl_cms_recipient *recipient,
                                        uint64_t expected)
{
    size_t capacity = PLAIN_BUFFER_SIZE;

    if (recipient != NULL) {
        uint64_t units =
            expected == 0 || expected > PAWL_UNITS_PER_OBJECT ? PAWL_UNITS_PER_OBJECT : expected;
        capacity = (size_t)units * PAWL_PUD_SIZE_MAX;
    }
    uint8_t *bytes = pawl_secret_alloc(capacity);
    if (bytes == NULL)
        return PAWL_EXHAUSTED;
    *writer = (struct pawl_units_writer){
        .fd = fd,
        .recipient = recipient,
        .bytes = bytes,
        .capacity = capacity,
    };
    return PAWL_OK;
}

static enum pawl_result flush(struct pawl_units_writer *writer)
{
    uint8_t *der = NULL;
    size_t der_size = 0;
    enum pawl_result result = PAWL_OK;

    if (writer->pending == 0)
        return PAWL_OK;
    if (writer->recipient == NULL) {
        result = pawl_write_full(writer->fd, writer->bytes, writer->size);
    } else {
        result = pawl_cms_seal(writer->recipient, writer->bytes, writer->size, &der, &der_size);
        if (result == PAWL_OK)
            result = pawl_write_full(writer->fd, der, der_size);
        free(der);
    }
    if (result == PAWL_OK) {
        writer->size = 0;
        writer->pending = 0;
    }
    return result;
}

enum pawl_result pawl_units_writer_add(struct pawl_units_writer *writer, const uint8_t *pud,
                                       size_t size)
{
    if (size > PAWL_PUD_SIZE_MAX)
        return PAWL_EXHAUSTED;
    if (writer->pending == PAWL_UNITS_PER_OBJECT || size > writer->capacity - writer->size) {
        enum pawl_result result = flush(writer);
        if (result != PAWL_OK)
            return result;
    }
    memcpy(writer->bytes + writer->size, pud, size);
    writer->size += size;
    writer->pending++;
    writer->count++;
    return PAWL_OK;
}

enum pawl_result pawl_units_writer_finish(struct pawl_units_writer *writer)
{
    return flush(writer);
}

void pawl_units_writer_release(struct pawl_units_writer *writer)
{
    pawl_secret_free(writer->bytes, writer->capacity);
    *writer = (struct pawl_units_writer){.fd = -1};
}
