/* Running what is committed. */
#include "processor/engine.h"

enum pawl_result pawl_committed_run(struct pawl_processor *engine)
{
    const struct pawl_port *port = engine->port;

    pawl_download_suspend(engine);
    pawl_attempt_stop(engine);
    engine->opened = false;
    if (!engine->has_committed)
        return PAWL_OK;

    enum pawl_result result = pawl_image_load(engine, engine->committed_slot, &engine->committed);
    engine->opened = result == PAWL_OK;
    if (result == PAWL_OK) {
        result = pawl_image_run(engine, &engine->committed, false);
        engine->running = result == PAWL_OK;
        if (result != PAWL_OK)
            port->executor.load_abort(port->context);
    }
    return result;
}

enum pawl_result pawl_engine_boot(struct pawl_processor *engine, const struct pawl_input *input)
{
    (void)input;
    return pawl_committed_run(engine);
}
