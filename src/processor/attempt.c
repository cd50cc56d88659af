/* How an attempt ends without a commit. */
#include <string.h>

#include "pawl/secret.h"
#include "processor/engine.h"
#include "processor/record_slot.h"

void pawl_attempt_end(struct pawl_processor *engine, uint32_t failure)
{
    bool flash_failed = failure == PAWL_IO || failure == PAWL_STORAGE;

    engine->has_failure = true;
    engine->failure = failure;
    memcpy(engine->failed_package_id, engine->trial.package_id, PAWL_PACKAGE_ID_SIZE);
    if (engine->download.diagnostic != 0)
        engine->command = engine->download.diagnostic;
    /* Without the mark the attempt would be taken up again after a reboot; that is right after an
     * error of flash itself, which is like a power cut. */
    if (engine->download.recorded && !flash_failed)
        (void)pawl_mark_write(engine->port, engine->free_slot, PAWL_MARK_OUTCOME, failure);
    pawl_download_forget(engine);
}

enum pawl_result pawl_attempt_check(struct pawl_processor *engine, enum pawl_result result)
{
    if (result != PAWL_OK)
        pawl_attempt_end(engine, (uint32_t)result);
    return result;
}

void pawl_attempt_fall_back(struct pawl_processor *engine, uint32_t failure)
{
    pawl_attempt_stop(engine);
    pawl_attempt_end(engine, failure);
    /* With the counter in doubt neither image is known to be the committed one, so none runs until
     * it can be read again (I2). */
    if (engine->settled)
        (void)pawl_committed_run(engine);
}

void pawl_attempt_stop(struct pawl_processor *engine)
{
    engine->port->executor.stop(engine->port->context);
    pawl_wipe(engine->loaded, sizeof engine->loaded);
    engine->running = false;
}
