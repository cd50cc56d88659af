/*
 * A package being written, with its content key when it has one: both appear or neither does, as
 * far as a file system allows. The key comes first: a package without its key would be lost work, a
 * key without a package is taken back.
 */
#ifndef PAWL_CLI_PACKAGE_OUT_H
#define PAWL_CLI_PACKAGE_OUT_H

#include <stdbool.h>
#include <stdint.h>

#include "cli/content_key.h"
#include "host/file.h"
#include "pawl/keys.h"
#include "pawl/result.h"

struct pawl_package_out {
    const char *path; /* the caller's */
    struct pawl_outfile package;
    struct pawl_content_key_file key;
    bool has_key;
};

/* Starts the package at `path`, and its content key at `key_path` (NULL: the same name with ".key")
 * unless it has none. Each of these prints the error that it returns. */
enum pawl_result pawl_package_out_open(struct pawl_package_out *out, const char *path, bool has_key,
                                       const char *key_path);

/* Makes what was written to out->package.fd appear, and `content_key`. */
enum pawl_result pawl_package_out_commit(struct pawl_package_out *out,
                                         const uint8_t content_key[PAWL_KEY_SIZE]);

/* Gives everything back; what was not committed vanishes. */
void pawl_package_out_close(struct pawl_package_out *out);

#endif
