/* How an attempt ends without a commit. */
#include <string.h>

#include "pawl/secret.h"
#include "processor/engine.h"
#include "processor/record_slot.h"

enum pawl_result pawl_attempt_end(struct pawl_processor *engine, uint64_t failure,
                                  enum pawl_result result)
{
    bool flash_failed = result == PAWL_IO || result == PAWL_STORAGE;

    engine->has_failure = true;
    engine->failure = failure;
    memcpy(engine->failed_package_id, engine->download.package_id, PAWL_PACKAGE_ID_SIZE);
    if (engine->download.diagnostic != 0)
        engine->command = engine->download.diagnostic;
    /* Without the mark the attempt would be taken up again after a reboot; that is right after an
     * error of flash itself, which is like a power cut. */
    if (engine->download.recorded && !flash_failed)
        (void)pawl_outcome_mark(engine->port, engine->free_slot, failure);
    pawl_download_suspend(engine);
    pawl_wipe(&engine->download, sizeof engine->download);
    pawl_wipe(&engine->trial, sizeof engine->trial);
    return result;
}

void pawl_attempt_stop(struct pawl_processor *engine)
{
    engine->port->executor.stop(engine->port->context);
    pawl_wipe(engine->loaded, sizeof engine->loaded);
    engine->running = false;
}
