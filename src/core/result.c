#include "pawl/result.h"

#include <stddef.h>

const char *pawl_result_name(enum pawl_result result)
{
    static const char *const names[PAWL_RESULT_COUNT] = {
        [PAWL_OK] = "ok",
        [PAWL_MALFORMED] = "malformed",
        [PAWL_UNSUPPORTED] = "unsupported",
        [PAWL_UNTRUSTED] = "untrusted",
        [PAWL_WRONG_CLASS] = "wrong-class",
        [PAWL_NOT_ENTITLED] = "not-entitled",
        [PAWL_ROLLBACK] = "rollback",
        [PAWL_CORRUPT] = "corrupt",
        [PAWL_IO] = "io",
        [PAWL_STORAGE] = "storage",
        [PAWL_EXHAUSTED] = "exhausted",
        [PAWL_STATE] = "state",
        [PAWL_CRYPTO] = "crypto",
    };

    if ((unsigned)result >= PAWL_RESULT_COUNT)
        return "unknown";
    return names[result];
}
