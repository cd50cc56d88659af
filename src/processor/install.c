/* From a candidate to a running trial. */
#include "processor/engine.h"
#include "processor/record_slot.h"

enum pawl_result pawl_engine_stage(struct pawl_processor *engine, const struct pawl_input *input)
{
    (void)input;
    pawl_attempt_stop(engine);
    enum pawl_result result = pawl_image_load(engine, engine->free_slot, &engine->trial);
    if (result != PAWL_OK)
        pawl_attempt_fall_back(engine, (uint32_t)result);
    return result;
}

/* The mark comes before the first instruction of the image: if power fails from here on, the next
 * boot knows that this trial had its chance. */
enum pawl_result pawl_engine_start(struct pawl_processor *engine, const struct pawl_input *input)
{
    const struct pawl_port *port = engine->port;
    const struct pawl_manifest *manifest = &engine->manifest;
    uint32_t failure = 0;

    (void)input;
    enum pawl_result result = pawl_revocation_make(manifest, engine->package.signed_manifest.kid,
                                                   engine->pud, &engine->trial_revoked);
    if (result == PAWL_OK)
        result = pawl_mark_write(port, engine->free_slot, PAWL_MARK_ATTEMPT, PAWL_ATTEMPT_CODE);
    failure = (uint32_t)result;
    if (result == PAWL_OK) {
        result = pawl_image_run(engine, &engine->trial, true);
        failure = PAWL_FAILURE_RUN;
    }
    if (result != PAWL_OK) {
        port->executor.load_abort(port->context);
        pawl_attempt_fall_back(engine, failure);
        return result;
    }
    engine->running = true;
    engine->trial_success = manifest->success;
    engine->trial_floor = manifest->security_version > engine->security_floor
                              ? manifest->security_version
                              : engine->security_floor;
    return PAWL_OK;
}
