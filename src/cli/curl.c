#include "cli/curl.h"

#include <dlfcn.h>
#include <stddef.h>
#include <string.h>

#include "host/log.h"

#define LIBRARY "libcurl.so.4"

struct pawl_curl pawl_curl;

/* Headers may define these names as macros that check types. */
#undef curl_easy_setopt
#undef curl_easy_getinfo

#define FUNCTION(name)                                  \
    {                                                   \
        "curl_" #name, offsetof(struct pawl_curl, name) \
    }

static const struct {
    const char *name;
    size_t offset;
} functions[] = {
    FUNCTION(global_init),    FUNCTION(global_cleanup), FUNCTION(easy_init),
    FUNCTION(easy_cleanup),   FUNCTION(easy_reset),     FUNCTION(easy_setopt),
    FUNCTION(easy_getinfo),   FUNCTION(easy_perform),   FUNCTION(easy_strerror),
    FUNCTION(easy_escape),    FUNCTION(free),           FUNCTION(slist_append),
    FUNCTION(slist_free_all),
};

enum pawl_result pawl_curl_load(void)
{
    if (pawl_curl.slist_free_all != NULL)
        return PAWL_OK;
    void *library = dlopen(LIBRARY, RTLD_NOW);
    if (library == NULL)
        return pawl_error(PAWL_IO, "%s", dlerror());
    for (size_t i = 0; i < sizeof functions / sizeof functions[0]; i++) {
        void *found = dlsym(library, functions[i].name);
        if (found == NULL)
            return pawl_error(PAWL_IO, "%s has no %s", LIBRARY, functions[i].name);
        memcpy((char *)&pawl_curl + functions[i].offset, &found, sizeof found);
    }
    return PAWL_OK;
}
