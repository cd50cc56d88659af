#include "line.h"

#include <stdio.h>
#include <time.h>

void bench_line_print(const char *name, double value, const char *unit, const char *against,
                      double reference)
{
    printf("{\"name\":\"%s\",\"value\":%.6g,\"unit\":\"%s\",\"against\":\"%s\",\"reference\":%.6g,"
           "\"ratio\":%.4g}\n",
           name, value, unit, against, reference, value / reference);
    fflush(stdout);
}

static double clock_now(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

double bench_cpu_now(void)
{
    return clock_now(CLOCK_PROCESS_CPUTIME_ID);
}

double bench_wall_now(void)
{
    return clock_now(CLOCK_MONOTONIC);
}
