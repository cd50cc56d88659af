#include "agent/url.h"

#include <string.h>
#include <strings.h>

/* Length of "http://" or "https://" at the start of `text`, 0 for another scheme. */
static size_t scheme_size(const char *text)
{
    static const char *const schemes[] = {"http://", "https://"};
    for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++)
        if (strncasecmp(text, schemes[i], strlen(schemes[i])) == 0)
            return strlen(schemes[i]);
    return 0;
}

/* Length of scheme, host and port; 0 when `url` has no host. */
static size_t origin_size(const char *url)
{
    size_t scheme = scheme_size(url);
    size_t host = strcspn(url + scheme, "/?#");
    return scheme > 0 && host > 0 ? scheme + host : 0;
}

bool pawl_url_is_valid(const char *url)
{
    for (const char *c = url; *c != '\0'; c++)
        if (*c <= ' ' || *c > '~')
            return false;
    return origin_size(url) > 0;
}

/* a || b with a terminator. */
static enum pawl_result join(const char *a, size_t a_size, const char *b, size_t b_size, char *url,
                             size_t capacity)
{
    if (a_size >= capacity || b_size >= capacity - a_size)
        return PAWL_EXHAUSTED;
    memcpy(url, a, a_size);
    memcpy(url + a_size, b, b_size);
    url[a_size + b_size] = '\0';
    return PAWL_OK;
}

enum pawl_result pawl_url_append(const char *server, const char *path, char *url, size_t capacity)
{
    size_t size = strlen(server);
    while (size > 0 && server[size - 1] == '/')
        size--;
    return join(server, size, path, strlen(path), url, capacity);
}

enum pawl_result pawl_url_join(const char *server, const char *reference, size_t size, char *url,
                               size_t capacity)
{
    char text[PAWL_AGENT_URL_MAX];
    if (size >= sizeof text)
        return PAWL_EXHAUSTED;
    memcpy(text, reference, size);
    text[size] = '\0';
    if (strlen(text) != size)
        return PAWL_UNSUPPORTED;

    /* "//host/path" would leave the server although it looks like a path. */
    bool is_path = text[0] == '/' && text[1] != '/';
    size_t origin = is_path ? origin_size(server) : 0;
    char joined[PAWL_AGENT_URL_MAX];
    enum pawl_result result = join(server, origin, text, size, joined, sizeof joined);
    if (result != PAWL_OK)
        return result;
    if (!pawl_url_is_valid(joined))
        return PAWL_UNSUPPORTED;
    return join(joined, strlen(joined), "", 0, url, capacity);
}
