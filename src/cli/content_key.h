/* Content key files being written (SPEC 15): 32 raw bytes, or encrypted to the server. */
#ifndef PAWL_CLI_CONTENT_KEY_H
#define PAWL_CLI_CONTENT_KEY_H

#include <stdint.h>

#include "headend/cms.h"
#include "host/file.h"
#include "pawl/keys.h"
#include "pawl/result.h"

struct pawl_content_key_file {
    char *path;
    struct pawl_outfile out;
    struct pawl_cms_recipient *recipient; /* NULL: raw */
};

/* Starts the file `path`; NULL: the package's name with ".key". What --server-cert names is loaded
 * here. Never replaces one without --force. Each of these prints the error that it returns. */
enum pawl_result pawl_content_key_file_open(struct pawl_content_key_file *file, const char *path,
                                            const char *package_path);

/* Writes the key and makes the file appear. */
enum pawl_result pawl_content_key_file_commit(struct pawl_content_key_file *file,
                                              const uint8_t content_key[PAWL_KEY_SIZE]);

/* Takes a committed file back. */
void pawl_content_key_file_revoke(struct pawl_content_key_file *file);

/* Gives everything back; harmless on a file whose path is NULL. */
void pawl_content_key_file_close(struct pawl_content_key_file *file);

#endif
