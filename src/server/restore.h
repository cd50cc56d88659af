/* `pawld restore`: puts a backup in the place of the database, while no pawld runs (SPEC 21.8). */
#ifndef PAWL_SERVER_RESTORE_H
#define PAWL_SERVER_RESTORE_H

#include <stdbool.h>

#include "headend/master.h"
#include "pawl/result.h"

struct pawl_restore {
    const char *data;     /* the data directory */
    const char *file;     /* the backup */
    const char *packages; /* a directory with package files of `pawl backup --packages`; or NULL */
    bool check;           /* change nothing */
    struct pawl_hsm_access hsm;
};

/* The command: reads its options, and returns the exit code. */
int pawl_restore_main(int argc, char **argv);

/* Checks the backup and, unless `check`, puts it in place in one step; what was there is kept under
 * another name. PAWL_STATE while a pawld runs; PAWL_UNSUPPORTED for a newer schema; PAWL_CORRUPT,
 * PAWL_STORAGE for a damaged or foreign file; PAWL_UNTRUSTED for another server's, or one that the
 * master key does not open; PAWL_IO, PAWL_EXHAUSTED. An error was printed, and nothing changed. */
enum pawl_result pawl_restore(const struct pawl_restore *restore);

#endif
