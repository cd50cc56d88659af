/*
 * Progress of something long, on stderr: a bar with rate and time left on a terminal, a line at
 * each tenth in a log, nothing when quiet. At most 100 columns. Colour unless NO_COLOR is set.
 */
#ifndef PAWL_HOST_PROGRESS_H
#define PAWL_HOST_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

enum pawl_progress_unit {
    PAWL_PROGRESS_BYTES = 0, /* shown in KiB, MiB, ... */
    PAWL_PROGRESS_ITEMS = 1, /* shown as they are */
};

enum pawl_progress_style {
    PAWL_PROGRESS_AUTO = 0, /* a bar when stderr is a terminal, lines otherwise */
    PAWL_PROGRESS_QUIET = 1,
    PAWL_PROGRESS_LINES = 2,
    PAWL_PROGRESS_BAR = 3,
};

/* Owned by the caller, needs no release. Not for several threads at once. */
struct pawl_progress {
    const char *what;
    uint64_t total; /* 0: not known */
    uint64_t done;
    uint64_t first; /* `done` at the start: what was there before does not count into the rate */
    enum pawl_progress_unit unit;
    enum pawl_progress_style style;
    int64_t started; /* monotonic, milliseconds */
    int64_t shown;   /* when last drawn */
    unsigned cells;  /* width of the bar */
    unsigned tenth;  /* the last tenth that has its line */
    bool color;
};

/* Starts at `first` of `total`. `what` ("sealing app.pawl") is kept by reference. */
void pawl_progress_start(struct pawl_progress *progress, const char *what, uint64_t first,
                         uint64_t total, enum pawl_progress_unit unit,
                         enum pawl_progress_style style);

/* Now at `done`. Cheap: draws at most ten times a second. */
void pawl_progress_update(struct pawl_progress *progress, uint64_t done);

/* Draws the last state and ends the line. An unfinished one stays as it is: the error follows. */
void pawl_progress_finish(struct pawl_progress *progress);

/* "12.3 MiB"; `text` has room for 16 characters. Returns `text`. */
char *pawl_size_format(uint64_t bytes, char text[16]);

#endif
