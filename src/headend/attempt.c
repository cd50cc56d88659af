#include "headend/attempt.h"

#include <string.h>

#include "pawl/result.h"

const char *pawl_attempt_outcome_name(enum pawl_attempt_outcome outcome)
{
    static const char *const names[] = {
        [PAWL_ATTEMPT_CONFIRMED] = "confirmed", [PAWL_ATTEMPT_FAILED] = "failed",
        [PAWL_ATTEMPT_CAUGHT_UP] = "caught-up", [PAWL_ATTEMPT_QUARANTINED] = "quarantined",
        [PAWL_ATTEMPT_ADOPTED] = "adopted",     [PAWL_ATTEMPT_DIAGNOSED] = "diagnosed",
    };
    size_t index = (size_t)outcome;
    return index > 0 && index < sizeof names / sizeof *names ? names[index] : "unknown";
}

void pawl_attempt_of_change(const struct pawl_device_record *before,
                            const struct pawl_device_record *after, enum pawl_finding quarantine,
                            int64_t time, struct pawl_attempt *attempt)
{
    uint64_t gained = after->sequence - before->sequence;
    bool active = before->standing == PAWL_STANDING_ACTIVE;
    *attempt = (struct pawl_attempt){.time = time, .from = before->sequence};
    if (after->standing == PAWL_STANDING_QUARANTINED) {
        attempt->outcome = PAWL_ATTEMPT_QUARANTINED;
        attempt->detail = (uint32_t)quarantine;
        return;
    }
    if (active && gained == 1) {
        attempt->outcome = PAWL_ATTEMPT_CONFIRMED;
    } else if (active && gained > 1 && gained <= PAWL_CATCH_UP_MAX) {
        attempt->outcome = PAWL_ATTEMPT_CAUGHT_UP;
    } else {
        attempt->outcome = PAWL_ATTEMPT_ADOPTED;
        attempt->detail = active ? PAWL_FINDING_INSTANCE_FOUND : PAWL_FINDING_ADOPTED;
    }
    if (after->sequence > before->sequence)
        attempt->distance = gained > UINT8_MAX ? UINT8_MAX : (uint8_t)gained;
}

static uint8_t *number_put(uint8_t *at, uint64_t number, unsigned size)
{
    for (unsigned i = size; i-- > 0;)
        *at++ = (uint8_t)(number >> 8 * i);
    return at;
}

static const uint8_t *number_get(const uint8_t *at, uint64_t *number, unsigned size)
{
    *number = 0;
    for (unsigned i = 0; i < size; i++)
        *number = *number << 8 | *at++;
    return at;
}

/* time 8, outcome 1, detail 4, from 8, package 4, distance 1. */
void pawl_attempt_pack(const struct pawl_attempt *attempt, uint8_t bytes[PAWL_ATTEMPT_SIZE])
{
    uint8_t *at = number_put(bytes, (uint64_t)attempt->time, 8);
    at = number_put(at, (uint64_t)attempt->outcome, 1);
    at = number_put(at, attempt->detail, 4);
    at = number_put(at, attempt->from, 8);
    at = number_put(at, attempt->package, 4);
    number_put(at, attempt->distance, 1);
}

bool pawl_attempt_unpack(const uint8_t bytes[PAWL_ATTEMPT_SIZE], struct pawl_attempt *attempt)
{
    uint64_t time, outcome, detail, from, package, distance;
    const uint8_t *at = number_get(bytes, &time, 8);
    at = number_get(at, &outcome, 1);
    at = number_get(at, &detail, 4);
    at = number_get(at, &from, 8);
    at = number_get(at, &package, 4);
    number_get(at, &distance, 1);
    if (outcome < PAWL_ATTEMPT_CONFIRMED || outcome > PAWL_ATTEMPT_DIAGNOSED || time > INT64_MAX)
        return false;
    *attempt = (struct pawl_attempt){
        .time = (int64_t)time,
        .outcome = (enum pawl_attempt_outcome)outcome,
        .detail = (uint32_t)detail,
        .from = from,
        .package = (uint32_t)package,
        .distance = (uint8_t)distance,
    };
    return true;
}

/* Causes from 64 on. */
static const struct {
    uint32_t code;
    const char *name, *words;
} failures[] = {
    {PAWL_FAILURE_EXIT, "exit", "the program ended without success"},
    {PAWL_FAILURE_SIGNAL, "crash", "the program crashed"},
    {PAWL_FAILURE_DEADLINE, "deadline", "it had no success before its deadline"},
    {PAWL_FAILURE_POWER, "power", "power was lost while it was tried"},
    {PAWL_FAILURE_RUN, "start", "the program could not be started"},
    {PAWL_FAILURE_DONE, "done", "a diagnostic image did what it was to do"},
};

/* What a device means when it refuses a package with a result class. */
static const char *const refusals[PAWL_RESULT_COUNT] = {
    [PAWL_MALFORMED] = "the package is not of its format",
    [PAWL_UNSUPPORTED] = "the package needs something that the device does not know",
    [PAWL_UNTRUSTED] = "the device does not trust the vendor key that signed it, or no longer",
    [PAWL_WRONG_CLASS] = "it is made for another class of device",
    [PAWL_NOT_ENTITLED] = "its entitlement does not open on the device",
    [PAWL_ROLLBACK] = "its security version is below the device's floor",
    [PAWL_CORRUPT] = "its bytes are damaged",
    [PAWL_IO] = "the device could not read or write",
    [PAWL_STORAGE] = "the device's storage failed",
    [PAWL_EXHAUSTED] = "the device has no room for it",
    [PAWL_STATE] = "the device was not in a state to take it",
    [PAWL_CRYPTO] = "the device's cryptography failed",
};

const char *pawl_failure_name(uint32_t code)
{
    if (code > PAWL_OK && code < PAWL_RESULT_COUNT)
        return pawl_result_name((enum pawl_result)code);
    for (size_t i = 0; i < sizeof failures / sizeof *failures; i++)
        if (failures[i].code == code)
            return failures[i].name;
    return NULL;
}

const char *pawl_failure_words(uint32_t code)
{
    if (code > PAWL_OK && code < PAWL_RESULT_COUNT)
        return refusals[code];
    for (size_t i = 0; i < sizeof failures / sizeof *failures; i++)
        if (failures[i].code == code)
            return failures[i].words;
    return "of a cause that this server does not know";
}

bool pawl_failure_find(const char *name, uint32_t *code)
{
    for (uint32_t i = PAWL_OK + 1; i <= PAWL_FAILURE_DONE; i++) {
        const char *known = pawl_failure_name(i);
        if (known != NULL && strcmp(known, name) == 0) {
            *code = i;
            return true;
        }
    }
    return false;
}
