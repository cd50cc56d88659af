#include "push/address.h"

#include <string.h>

#include "host/options.h"

static const struct {
    const char *prefix;
    uint16_t port;
    bool tls;
} schemes[] = {{"mqtt://", 1883, false}, {"mqtts://", 8883, true}};

/* The host's bytes and what follows them; an IPv6 address stands in brackets. */
static bool host_split(const char *text, const char **host, size_t *size, const char **rest)
{
    bool bracketed = text[0] == '[';
    *host = text + bracketed;
    *size = strcspn(*host, bracketed ? "]" : ":/");
    *rest = *host + *size + bracketed;
    if (bracketed && (*host)[*size] != ']')
        return false;
    for (size_t i = 0; i < *size; i++)
        if ((*host)[i] <= ' ' || (*host)[i] > '~' || strchr("/?#@[]", (*host)[i]) != NULL)
            return false;
    return *size > 0 && *size < PAWL_PUSH_HOST_SIZE;
}

enum pawl_result pawl_broker_address_read(const char *text, struct pawl_broker_address *address)
{
    struct pawl_broker_address found = {.port = 0};
    const char *host, *rest;
    uint64_t port;
    size_t size;

    for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++) {
        size_t length = strlen(schemes[i].prefix);
        if (strncmp(text, schemes[i].prefix, length) != 0)
            continue;
        found.port = schemes[i].port;
        found.tls = schemes[i].tls;
        text += length;
        break;
    }
    if (found.port == 0 || !host_split(text, &host, &size, &rest))
        return PAWL_MALFORMED;
    memcpy(found.host, host, size);
    if (rest[0] == ':') {
        if (pawl_number_parse(rest + 1, &port) != PAWL_OK || port < 1 || port > UINT16_MAX)
            return PAWL_MALFORMED;
        found.port = (uint16_t)port;
        rest = "";
    }
    if (rest[0] != '\0')
        return PAWL_MALFORMED;
    *address = found;
    return PAWL_OK;
}
