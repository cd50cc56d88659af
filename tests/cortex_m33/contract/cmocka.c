#include "cmocka.h"

#include "log.h"

static uint32_t checks, failures;

void contract_hold(bool holds, uint32_t line)
{
    const struct pawl_log_value where = {"line", line};

    checks++;
    if (holds)
        return;
    failures++;
    pawl_log_line("contract does not hold", &where, 1);
}

int contract_run(const struct CMUnitTest *tests, size_t count)
{
    void *state = NULL;

    pawl_log_open();
    for (size_t i = 0; i < count; i++)
        tests[i].run(&state);
    const struct pawl_log_value sums[] = {
        {"tests", (uint32_t)count}, {"checks", checks}, {"failures", failures}};
    pawl_log_line("contract", sums, 3);
    for (;;)
        ;
}
