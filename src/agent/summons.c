#include "agent/summons.h"

void pawl_summoned_init(struct pawl_summoned *summoned, int64_t floor)
{
    *summoned = (struct pawl_summoned){.floor = floor};
}

/* The present floor. */
static int64_t floor_of(const struct pawl_summoned *summoned, int64_t now)
{
    int64_t floor = summoned->floor;
    if (summoned->answered == 0 || now - summoned->answered > PAWL_SUMMONS_FLOOR_CAP_MS)
        return floor;
    for (unsigned i = 0; i < summoned->fruitless && floor < PAWL_SUMMONS_FLOOR_CAP_MS; i++)
        floor *= 2;
    return floor < PAWL_SUMMONS_FLOOR_CAP_MS ? floor : PAWL_SUMMONS_FLOOR_CAP_MS;
}

int64_t pawl_summoned_due(const struct pawl_summoned *summoned, int64_t now, int64_t last_poll,
                          bool own, uint32_t window, uint32_t random)
{
    int64_t soonest = last_poll + floor_of(summoned, now);
    uint64_t spread = (uint64_t)window * 1000u / (own ? PAWL_SUMMONS_OWN_SHARE : 1u);
    return (soonest > now ? soonest : now) + (int64_t)(spread * random >> 32);
}

void pawl_summoned_answer(struct pawl_summoned *summoned, int64_t now)
{
    if (now - summoned->answered > PAWL_SUMMONS_FLOOR_CAP_MS)
        summoned->fruitless = 0;
    summoned->answered = now;
    summoned->waits = true;
}

void pawl_summoned_settle(struct pawl_summoned *summoned, bool fruitful)
{
    if (fruitful)
        summoned->fruitless = 0;
    else if (summoned->waits && summoned->fruitless < 32)
        summoned->fruitless++;
    summoned->waits = false;
}
