/* An entitlement table being written to the file that --out names. */
#ifndef PAWL_CLI_TABLE_OUT_H
#define PAWL_CLI_TABLE_OUT_H

#include <stdint.h>

#include "headend/table_file.h"
#include "host/file.h"
#include "pawl/result.h"

struct pawl_table_out {
    const char *path; /* the caller's */
    struct pawl_outfile file;
    struct pawl_table_writer rows;
};

/* Each of these prints the error that it returns. */
enum pawl_result pawl_table_out_open(struct pawl_table_out *table, const char *path,
                                     const uint8_t package_id[PAWL_PACKAGE_ID_SIZE]);
enum pawl_result pawl_table_out_add(struct pawl_table_out *table, const uint8_t *rows,
                                    size_t count);

/* Sorts and makes the file appear; prints what was made, and returns the exit code. A table without
 * rows is not made: there was nothing to do. */
int pawl_table_out_commit(struct pawl_table_out *table);

/* Gives everything back; what was not committed vanishes. */
void pawl_table_out_close(struct pawl_table_out *table);

#endif
