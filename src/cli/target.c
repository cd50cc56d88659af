#include "cli/target.h"

#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/print.h"
#include "host/hex.h"

static bool is_id(const char *text)
{
    uint8_t id[PAWL_ID_SIZE];

    return pawl_hex_decode(text, id, sizeof id) == PAWL_OK;
}

bool pawl_class_is_id(const char *class_name)
{
    return class_name != NULL && is_id(class_name);
}

/* Reads one item of a list of packages. */
static bool vendor_read(json_t *item, const uint8_t package_id[PAWL_PACKAGE_ID_SIZE],
                        uint8_t vendor_id[PAWL_ID_SIZE])
{
    const char *package = json_string_value(json_object_get(item, "package_id"));
    const char *vendor = json_string_value(json_object_get(item, "vendor_id"));
    uint8_t found[PAWL_PACKAGE_ID_SIZE];

    return package != NULL && vendor != NULL &&
           pawl_hex_decode(package, found, sizeof found) == PAWL_OK &&
           memcmp(found, package_id, sizeof found) == 0 &&
           pawl_hex_decode(vendor, vendor_id, PAWL_ID_SIZE) == PAWL_OK;
}

/* Lists are in the order of ids, and begin behind a cursor: the number before the id finds it. */
static enum pawl_result vendor_ask(struct pawl_client *client,
                                   const uint8_t package_id[PAWL_PACKAGE_ID_SIZE],
                                   uint8_t vendor_id[PAWL_ID_SIZE])
{
    char text[PAWL_HEX_SIZE(PAWL_PACKAGE_ID_SIZE)];
    uint8_t before[PAWL_PACKAGE_ID_SIZE];
    json_t *answer = NULL;
    size_t at = PAWL_PACKAGE_ID_SIZE;

    memcpy(before, package_id, sizeof before);
    while (at > 0 && before[--at]-- == 0)
        continue;
    char *path =
        pawl_client_path(client, "/v1/packages",
                         (const char *const[]){"limit", "1", "after",
                                               pawl_hex_encode(before, sizeof before, text), NULL});
    if (path == NULL)
        return pawl_error(PAWL_EXHAUSTED, "no memory");
    enum pawl_result result = pawl_client_json(client, "GET", path, NULL, &answer);
    free(path);
    if (result != PAWL_OK)
        return result;
    bool found =
        vendor_read(json_array_get(json_object_get(answer, "items"), 0), package_id, vendor_id);
    json_decref(answer);
    if (found)
        return PAWL_OK;
    pawl_error(PAWL_STATE, "the server has no package %s",
               pawl_hex_encode(package_id, PAWL_PACKAGE_ID_SIZE, text));
    pawl_hint("'pawl publish' it first");
    return PAWL_STATE;
}

enum pawl_result pawl_class_target_make(struct pawl_client *client, const char *class_name,
                                        const char *vendor,
                                        const uint8_t package_id[PAWL_PACKAGE_ID_SIZE],
                                        json_t **target)
{
    uint8_t vendor_id[PAWL_ID_SIZE], class_id[PAWL_ID_SIZE];
    enum pawl_result result = PAWL_OK;

    if (pawl_hex_decode(class_name, class_id, sizeof class_id) != PAWL_OK) {
        if (vendor != NULL)
            pawl_vendor_id_make(vendor, vendor_id);
        else
            result = vendor_ask(client, package_id, vendor_id);
        if (result != PAWL_OK)
            return result;
        pawl_class_id_make(vendor_id, class_name, class_id);
    }
    *target = json_pack("{s:o}", "class", pawl_json_hex(class_id, sizeof class_id));
    return *target != NULL ? PAWL_OK : pawl_error(PAWL_EXHAUSTED, "no memory");
}

bool pawl_device_id_check(const char *text)
{
    if (is_id(text))
        return true;
    pawl_usage_error("'%s' is no device id of 32 hex digits", text);
    return false;
}
