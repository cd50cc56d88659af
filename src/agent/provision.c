#include "agent/provision.h"

#include <errno.h>
#include <string.h>

#include "agent/link_client.h"
#include "host/file.h"
#include "pawl/secret.h"

/* The device's own word, where it is not the class that says it best. */
static enum pawl_result refused(const char *file, enum pawl_result result)
{
    if (result == PAWL_UNSUPPORTED || result == PAWL_STATE)
        return pawl_error(PAWL_STATE, "the device has unit data already, and keeps it");
    return pawl_error(result, "the device does not take %s", file);
}

int pawl_agent_provision(const struct pawl_agent_settings *settings, struct pawl_wake *wake)
{
    struct pawl_link_client client = {0};
    struct pawl_link_answer answer = {.result = PAWL_OK};
    struct pawl_buffer pud = {0};
    struct pawl_pud decoded;

    enum pawl_result result = pawl_file_read(settings->provision, PAWL_PUD_SIZE_MAX, &pud);
    if (result != PAWL_OK)
        return pawl_exit_code(pawl_error(result, "%s: %s", settings->provision, strerror(errno)));
    result = pawl_pud_read(pud.bytes, pud.size, &decoded);
    pawl_wipe(&decoded, sizeof decoded);
    if (result != PAWL_OK) {
        pawl_error(result, "%s: no PUD", settings->provision);
    } else {
        result = pawl_link_client_provision(&client, wake, settings->processor, pud.bytes, pud.size,
                                            &answer);
        if (result != PAWL_OK)
            pawl_error(result, "%s", client.problem);
        else if (answer.result != PAWL_OK)
            result = refused(settings->provision, answer.result);
        pawl_link_client_close(&client);
    }
    pawl_wipe(&client, sizeof client);
    pawl_buffer_release(&pud);
    return pawl_exit_code(result);
}
