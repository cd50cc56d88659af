#include "tpm_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>

#include "host/log.h"
#include "host/options.h"

#define DEVICE_BASE "/dev/tpmrm0"
#define PORT_BASE 2321u
#define OWNER_INDEX_FIRST 0x01400000u /* of the platform's maker, and from 0x01800000 the owner's */
#define OWNER_INDEX_LAST 0x01bffffcu  /* four are taken */

/* The parts of the text as they are found. */
struct parts {
    const char *device, *path, *host, *authorization;
    uint64_t port, index;
    bool platform;
};

static bool number_read(const char *text, uint64_t least, uint64_t most, uint64_t *number)
{
    unsigned long long value = 0;
    int end = 0;

    if (sscanf(text, "%lli%n", (long long *)&value, &end) != 1 || text[end] != '\0' ||
        value < least || value > most)
        return false;
    *number = value;
    return true;
}

/* What follows `name` in `text`, or NULL. */
static const char *after(const char *text, const char *name)
{
    size_t size = strlen(name);

    return strncmp(text, name, size) == 0 && text[size] != '\0' ? text + size : NULL;
}

static bool part_read(const char *text, struct parts *parts)
{
    const char *value, *swtpm = after(text, "swtpm:");

    if (swtpm != NULL)
        text = swtpm;
    if ((value = after(text, "device:")) != NULL)
        parts->device = value;
    else if ((value = after(text, "path=")) != NULL)
        parts->path = value;
    else if ((value = after(text, "host=")) != NULL)
        parts->host = value;
    else if ((value = after(text, "auth-file=")) != NULL)
        parts->authorization = value;
    else if ((value = after(text, "port=")) != NULL)
        return number_read(value, 1, UINT16_MAX, &parts->port);
    else if ((value = after(text, "index=")) != NULL)
        return number_read(value, OWNER_INDEX_FIRST, OWNER_INDEX_LAST, &parts->index);
    else if (strcmp(text, "platform") == 0)
        parts->platform = true;
    else
        return false;
    return true;
}

static bool unix_set(struct pawl_tpm_address *address, const char *path)
{
    struct sockaddr_un *name = (struct sockaddr_un *)&address->socket;

    if (strlen(path) >= sizeof name->sun_path)
        return false;
    name->sun_family = AF_UNIX;
    memcpy(name->sun_path, path, strlen(path) + 1);
    address->socket_size = sizeof *name;
    return true;
}

/* Numbers only: to ask for names takes files and more system calls. */
static bool internet_set(struct pawl_tpm_address *address, const char *host, uint16_t port)
{
    struct sockaddr_in *four = (struct sockaddr_in *)&address->socket;
    struct sockaddr_in6 *six = (struct sockaddr_in6 *)&address->socket;

    if (strcmp(host, "localhost") == 0)
        host = "127.0.0.1";
    if (inet_pton(AF_INET, host, &four->sin_addr) == 1) {
        four->sin_family = AF_INET;
        four->sin_port = htons(port);
        address->socket_size = sizeof *four;
        return true;
    }
    if (inet_pton(AF_INET6, host, &six->sin6_addr) != 1)
        return false;
    six->sin6_family = AF_INET6;
    six->sin6_port = htons(port);
    address->socket_size = sizeof *six;
    return true;
}

static bool place_set(struct pawl_tpm_address *address, const struct parts *parts)
{
    if (parts->path != NULL)
        return parts->device == NULL && parts->host == NULL && unix_set(address, parts->path);
    if (parts->host != NULL)
        return parts->device == NULL && internet_set(address, parts->host, (uint16_t)parts->port);
    const char *device = parts->device != NULL ? parts->device : DEVICE_BASE;
    if (device[0] != '/')
        return false;
    memcpy(address->device, device, strlen(device) + 1); /* shorter than the text it is from */
    return true;
}

bool pawl_tpm_address_read(const char *text, struct pawl_tpm_address *address)
{
    struct parts parts = {.port = PORT_BASE, .index = PAWL_TPM_INDEX_BASE};
    char copy[PATH_MAX] = "";
    char *rest = copy, *part;
    bool good = text == NULL || strlen(text) < sizeof copy;

    *address = (struct pawl_tpm_address){.index = PAWL_TPM_INDEX_BASE};
    if (good && text != NULL)
        memcpy(copy, text, strlen(text) + 1);
    while (good && (part = strsep(&rest, ",")) != NULL)
        good = (part == copy && part[0] == '\0') || part_read(part, &parts);
    good = good && place_set(address, &parts);
    if (!good) {
        pawl_usage_error("--counter: 'tpm:%s' is not "
                         "tpm[:device:PATH|:swtpm:path=PATH|:swtpm:host=ADDRESS,port=N]"
                         "[,index=N][,platform][,auth-file=PATH]",
                         text != NULL ? text : "");
        return false;
    }
    address->index = (uint32_t)parts.index;
    address->platform = parts.platform;
    if (parts.authorization != NULL)
        memcpy(address->authorization, parts.authorization, strlen(parts.authorization) + 1);
    return true;
}
