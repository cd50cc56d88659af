#include "processor/transition.h"

#include "processor/engine.h"

#define ROW(state, event, act, next, otherwise)                                         \
    {PAWL_STATE_##state, PAWL_EVENT_##event, PAWL_STATE_##next, PAWL_STATE_##otherwise, \
     PAWL_ACT_##act},
#define FUNCTION(name) pawl_engine_##name,

static const pawl_transition_fn functions[] = {PAWL_ACTS(FUNCTION)};
static const struct pawl_transition transitions[] = {PAWL_TRANSITIONS(ROW)};

const struct pawl_transition *pawl_transition_find(enum pawl_state state, enum pawl_event event)
{
    for (size_t i = 0; i < sizeof transitions / sizeof transitions[0]; i++) {
        if (transitions[i].state == state && transitions[i].event == event)
            return &transitions[i];
    }
    return NULL;
}

enum pawl_result pawl_engine_handle(struct pawl_processor *engine, enum pawl_event event,
                                    const struct pawl_input *input)
{
    const struct pawl_transition *row = pawl_transition_find(engine->state, event);
    if (!row)
        return PAWL_STATE;

    enum pawl_result result = functions[row->act](engine, input);
    engine->state = (enum pawl_state)(result == PAWL_OK ? row->next : row->otherwise);
    return result;
}

enum pawl_result pawl_engine_heed(struct pawl_processor *engine, const struct pawl_input *input)
{
    (void)engine;
    (void)input;
    return PAWL_OK;
}
