#include "server/process_metrics.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

/* Of /proc/self/stat. */
struct process_stat {
    unsigned long long started;  /* clock ticks after the machine's start */
    unsigned long long virtual_; /* bytes */
    unsigned long long resident; /* pages */
    unsigned long long threads;
};

static bool stat_read(struct process_stat *stat)
{
    char line[1024];
    FILE *file = fopen("/proc/self/stat", "re");
    if (file == NULL)
        return false;
    bool got = fgets(line, sizeof line, file) != NULL;
    fclose(file);
    const char *end = got ? strrchr(line, ')') : NULL; /* of the name, which may be anything */
    return end != NULL &&
           sscanf(end + 1,
                  " %*c %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %llu %*s "
                  "%llu %llu %llu",
                  &stat->threads, &stat->started, &stat->virtual_, &stat->resident) == 4;
}

/* Seconds after the epoch at which the machine started. */
static bool boot_time_read(double *seconds)
{
    struct timespec wall, since_boot;
    if (clock_gettime(CLOCK_REALTIME, &wall) != 0 ||
        clock_gettime(CLOCK_BOOTTIME, &since_boot) != 0)
        return false;
    *seconds = (double)(wall.tv_sec - since_boot.tv_sec) +
               (double)(wall.tv_nsec - since_boot.tv_nsec) / 1e9;
    return true;
}

static bool descriptors_count(unsigned *count)
{
    DIR *directory = opendir("/proc/self/fd");
    if (directory == NULL)
        return false;
    *count = 0;
    const struct dirent *entry;
    while ((entry = readdir(directory)) != NULL)
        *count += entry->d_name[0] != '.';
    closedir(directory);
    *count -= 1; /* the one just closed */
    return true;
}

static double timeval_seconds(const struct timeval *time)
{
    return (double)time->tv_sec + (double)time->tv_usec / 1e6;
}

static void stat_write(struct pawl_metrics_text *text)
{
    struct process_stat stat;
    double boot;
    if (!stat_read(&stat))
        return;
    pawl_metrics_single(text, "process_resident_memory_bytes", "gauge", "Resident memory.",
                        (double)stat.resident * (double)sysconf(_SC_PAGESIZE));
    pawl_metrics_single(text, "process_virtual_memory_bytes", "gauge", "Virtual memory.",
                        (double)stat.virtual_);
    pawl_metrics_single(text, "process_threads", "gauge", "Threads.", (double)stat.threads);
    if (boot_time_read(&boot))
        pawl_metrics_single(text, "process_start_time_seconds", "gauge",
                            "When the process started, in seconds after the epoch.",
                            boot + (double)stat.started / (double)sysconf(_SC_CLK_TCK));
}

void pawl_process_metrics_write(struct pawl_metrics_text *text)
{
    struct rusage usage;
    struct rlimit limit;
    unsigned descriptors;
    if (getrusage(RUSAGE_SELF, &usage) == 0)
        pawl_metrics_single(text, "process_cpu_seconds_total", "counter",
                            "Time of processors that was used, by user and system.",
                            timeval_seconds(&usage.ru_utime) + timeval_seconds(&usage.ru_stime));
    stat_write(text);
    if (descriptors_count(&descriptors))
        pawl_metrics_single(text, "process_open_fds", "gauge", "Open descriptors.", descriptors);
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0)
        pawl_metrics_single(text, "process_max_fds", "gauge",
                            "Descriptors that may be open at a time.", (double)limit.rlim_cur);
}
