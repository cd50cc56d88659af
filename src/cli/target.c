#include "cli/target.h"

#include "cli/cli.h"
#include "host/hex.h"
#include "pawl/identifier.h"

static bool is_id(const char *text)
{
    uint8_t id[PAWL_ID_SIZE];

    return pawl_hex_decode(text, id, sizeof id) == PAWL_OK;
}

bool pawl_class_is_id(const char *class_name)
{
    return class_name != NULL && is_id(class_name);
}

bool pawl_class_check(const char *class_name, const char *vendor)
{
    if (class_name == NULL || is_id(class_name) || vendor != NULL)
        return true;
    pawl_usage_error("a class by name needs its --vendor");
    return false;
}

json_t *pawl_class_target_make(const char *class_name, const char *vendor)
{
    if (is_id(class_name))
        return json_pack("{s:s}", "class", class_name);
    return json_pack("{s:s, s:s}", "class", class_name, "vendor", vendor);
}

bool pawl_device_id_check(const char *text)
{
    if (is_id(text))
        return true;
    pawl_usage_error("'%s' is no device id of 32 hex digits", text);
    return false;
}
