/* The form in which every benchmark prints a figure: one JSON object a line. */
#ifndef PAWL_BENCH_LINE_H
#define PAWL_BENCH_LINE_H

/* `reference` is what the same run measured for `against`, in the same unit; ratio =
 * value/reference. Prints to standard output and flushes. */
void bench_line_print(const char *name, double value, const char *unit, const char *against,
                      double reference);

/* CPU seconds of this process, and seconds of the wall clock. */
double bench_cpu_now(void);
double bench_wall_now(void);

#endif
