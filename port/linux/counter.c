#include "counter.h"

#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "host/log.h"

static const struct pawl_counter_kind *const kinds[] = {&pawl_counter_file, &pawl_counter_tpm};

const struct pawl_counter_kind *pawl_counter_kind_find(const char *text, const char **argument)
{
    size_t length = strcspn(text, ":");

    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (strlen(kinds[i]->name) == length && strncmp(kinds[i]->name, text, length) == 0) {
            *argument = text[length] == ':' ? text + length + 1 : NULL;
            return kinds[i];
        }
    }
    return NULL;
}

const char *pawl_counter_kinds_text(void)
{
    return "file, tpm";
}

enum pawl_result pawl_counter_helper_start(const struct pawl_counter_kind *kind,
                                           const char *argument, int *socket)
{
    *socket = -1;
    return kind->helper_start != NULL ? kind->helper_start(argument, socket) : PAWL_OK;
}

enum pawl_result pawl_counter_open(struct pawl_counter *counter,
                                   const struct pawl_counter_kind *kind,
                                   const struct pawl_counter_place *place)
{
    void *store = NULL;

    counter->helper = place->helper;
    enum pawl_result result = kind->open(place, &store);
    if (result != PAWL_OK)
        return result;
    counter->kind = kind;
    counter->store = store;
    if (kind->warning != NULL)
        pawl_log(PAWL_LOG_WARNING, "%s", kind->warning);
    return PAWL_OK;
}

void pawl_counter_close(struct pawl_counter *counter)
{
    if (counter->store != NULL)
        counter->kind->close(counter->store);
    counter->store = NULL;
    if (counter->helper >= 0)
        close(counter->helper);
    counter->helper = -1;
}
