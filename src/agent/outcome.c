#include "agent/outcome.h"

#include <stddef.h>

#include "host/log.h"
#include "pawl/report.h"
#include "pawl/result.h"

static const struct {
    uint64_t failure;
    const char *text;
} texts[] = {
    {PAWL_MALFORMED, "the package is not of this format"},
    {PAWL_UNSUPPORTED, "this device does not know such packages or images"},
    {PAWL_UNTRUSTED, "the release is not signed by a vendor key that this device trusts"},
    {PAWL_WRONG_CLASS, "the release is made for another class of device"},
    {PAWL_NOT_ENTITLED, "this device is not entitled to the package"},
    {PAWL_ROLLBACK, "the release is older than this device's security floor allows"},
    {PAWL_CORRUPT, "the package was damaged, or is not what the vendor signed"},
    {PAWL_STORAGE, "the secure processor's storage failed"},
    {PAWL_EXHAUSTED, "the secure processor has no room for it, or no sequence number left"},
    {PAWL_FAILURE_EXIT, "the image ended without success"},
    {PAWL_FAILURE_SIGNAL, "the image crashed"},
    {PAWL_FAILURE_DEADLINE, "the image did not succeed before its deadline"},
    {PAWL_FAILURE_POWER, "the trial was cut off by a power loss or restart"},
    {PAWL_FAILURE_RUN, "the image could not be started"},
    {PAWL_FAILURE_DONE, "a diagnostic image ran and met its criterion"},
};

const char *pawl_failure_text(uint64_t failure)
{
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        if (texts[i].failure == failure)
            return texts[i].text;
    return "the attempt failed";
}

int pawl_failure_exit_code(uint64_t failure)
{
    if (failure == PAWL_FAILURE_DONE)
        return PAWL_EXIT_DONE;
    if (failure == PAWL_OK || failure >= PAWL_RESULT_COUNT)
        return PAWL_EXIT_FAILURE;
    return pawl_exit_code((enum pawl_result)failure);
}
