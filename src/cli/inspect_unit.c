/* Unit data, keys, and what is encrypted to the server. */
#include <string.h>

#include "cli/inspect.h"
#include "cli/print.h"
#include "cli/units.h"
#include "headend/cms.h"
#include "headend/signer.h"
#include "host/file.h"
#include "pawl/secret.h"

static json_t *anchors_json(const struct pawl_pud *unit)
{
    json_t *list = json_array();

    for (uint32_t i = 0; i < unit->anchor_count; i++)
        json_array_append_new(list, pawl_json_hex(unit->anchors[i].kid, PAWL_KID_SIZE));
    return list;
}

static void unit_json(const struct pawl_pud *unit, json_t *to)
{
    json_object_set_new(to, "type", json_string("personalized unit data"));
    json_object_set_new(to, "device_id", pawl_json_hex(unit->device_id, PAWL_ID_SIZE));
    json_object_set_new(to, "vendor_id", pawl_json_hex(unit->vendor_id, PAWL_ID_SIZE));
    json_object_set_new(to, "class_id", pawl_json_hex(unit->class_id, PAWL_ID_SIZE));
    json_object_set_new(to, "unit_secret", json_string("present, not shown"));
    json_object_set_new(to, "chain_length", pawl_json_number(unit->chain_length));
    json_object_set_new(to, "trusted_keys", anchors_json(unit));
    if (unit->has_maximum)
        json_object_set_new(to, "maximum_sequence", pawl_json_number(unit->maximum));
}

static enum pawl_result count_unit(void *context, const struct pawl_pud *unit)
{
    uint64_t *count = context;

    (void)unit;
    ++*count;
    return PAWL_OK;
}

/* One unit, or a sequence of them as a plain units.import has it. */
enum pawl_result pawl_units_describe(const struct pawl_artefact *artefact, json_t *to)
{
    struct pawl_pud unit;
    size_t used = 0;
    enum pawl_result result = pawl_pud_read_next(artefact->head, artefact->head_size, &unit, &used);

    if (result == PAWL_OK && used == artefact->size) {
        unit_json(&unit, to);
    } else if (result == PAWL_OK && artefact->size - used < PAWL_PUD_SIZE_MAX / 8) {
        result = PAWL_MALFORMED; /* bytes behind a unit that are too few for another */
    } else if (result == PAWL_OK) {
        uint64_t count = 0;
        bool refused;
        result = pawl_units_file_visit(artefact->path, count_unit, &count, &refused);
        json_object_set_new(to, "type", json_string("units for import, not encrypted"));
        json_object_set_new(to, "units", pawl_json_number(count));
    }
    pawl_wipe(&unit, sizeof unit);
    return result;
}

/* Counts the objects of a stream without the key to open them. */
enum pawl_result pawl_cms_describe(const struct pawl_artefact *artefact, json_t *to)
{
    uint64_t at = 0, count = 0;

    while (at < artefact->size) {
        uint8_t bytes[16];
        uint64_t left = artefact->size - at;
        size_t size = left < sizeof bytes ? (size_t)left : sizeof bytes;
        size_t length = 0;
        if (pawl_pread_full(artefact->fd, bytes, size, at) != PAWL_OK)
            return PAWL_IO;
        enum pawl_result result = pawl_cms_length_read(bytes, size, &length);
        if (result != PAWL_OK || length > left)
            return PAWL_MALFORMED;
        at += length;
        count++;
    }
    json_object_set_new(to, "type", json_string("encrypted for the control server (CMS)"));
    json_object_set_new(to, "objects", pawl_json_number(count));
    json_object_set_new(to, "file_size", pawl_json_number(artefact->size));
    return PAWL_OK;
}

enum pawl_result pawl_pem_describe(const struct pawl_artefact *artefact, json_t *to)
{
    static const char certificate[] = "-----BEGIN CERTIFICATE";
    struct pawl_anchor anchor;

    if (artefact->head_size >= sizeof certificate - 1 &&
        memcmp(artefact->head, certificate, sizeof certificate - 1) == 0) {
        struct pawl_cms_recipient *recipient = NULL;
        enum pawl_result result = pawl_cms_recipient_load(artefact->path, &recipient);
        pawl_cms_recipient_free(recipient);
        if (result == PAWL_OK)
            json_object_set_new(to, "type", json_string("certificate of a control server"));
        return result;
    }
    enum pawl_result result = pawl_anchor_load(artefact->path, &anchor);
    if (result != PAWL_OK)
        return result;
    struct pawl_signer *signer = NULL;
    bool private_half = pawl_signer_load(artefact->path, &signer) == PAWL_OK;
    pawl_signer_free(signer);
    json_object_set_new(to, "type",
                        json_string(private_half ? "private signing key" : "public key"));
    json_object_set_new(to, "algorithm", json_string("ES256"));
    json_object_set_new(to, "key_id", pawl_json_hex(anchor.kid, PAWL_KID_SIZE));
    return PAWL_OK;
}

enum pawl_result pawl_secret_describe(const struct pawl_artefact *artefact, json_t *to)
{
    (void)artefact;
    json_object_set_new(to, "type", json_string("a secret of 32 bytes"));
    return PAWL_OK;
}
