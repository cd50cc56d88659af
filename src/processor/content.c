/* Content keys (SPEC 20.5): nothing is stored, a grant opens with what is committed or not at all.
 */
#include "processor/engine.h"

enum pawl_result pawl_processor_content_key(struct pawl_processor *engine,
                                            const uint8_t salt[PAWL_SALT_SIZE],
                                            const uint8_t wrapped[PAWL_CONTENT_KEY_WRAPPED_SIZE],
                                            uint8_t key[PAWL_CONTENT_KEY_SIZE])
{
    enum pawl_result result = pawl_ledger_settle(engine);
    if (result == PAWL_OK)
        result = pawl_ledger_check(engine);
    if (result != PAWL_OK)
        return result;
    if (engine->state == PAWL_STATE_TRIAL)
        return PAWL_STATE;
    if (!engine->has_committed || !engine->opened)
        return PAWL_NOT_ENTITLED;
    return pawl_grant_unwrap(engine->pud->unit_secret, engine->sequence,
                             engine->committed.package_id, salt, wrapped, key);
}
