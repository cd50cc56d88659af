/* Reading artefacts from files. Each of these prints the error that it returns. */
#ifndef PAWL_CLI_LOAD_H
#define PAWL_CLI_LOAD_H

#include <stdint.h>

#include "headend/cms.h"
#include "headend/package_file.h"
#include "pawl/entitlement.h"
#include "pawl/pud.h"
#include "pawl/result.h"

/* A PUD. Wipe it. */
enum pawl_result pawl_pud_load(const char *path, struct pawl_pud *pud);

/* A content key of 32 raw bytes. Wipe it. One that is encrypted to the server is PAWL_STATE: it is
 * not ours to read. */
enum pawl_result pawl_content_key_load(const char *path, uint8_t content_key[PAWL_KEY_SIZE]);

/* The certificate that --server-cert names; NULL when none is named. */
enum pawl_result pawl_server_cert_load(struct pawl_cms_recipient **recipient);

/* Opens a package file and takes its preamble apart. Close with pawl_package_close. */
enum pawl_result pawl_package_load(const char *path, struct pawl_package_file *file);
void pawl_package_close(struct pawl_package_file *file);

/* Opens a table file and reads its preamble; `*fd` is the caller's to close. */
enum pawl_result pawl_table_load(const char *path, int *fd, struct pawl_table *table);

/* PAWL_OK when `content_key` opens chunk 0 of a package, PAWL_CORRUPT when it does not. This prints
 * nothing. */
enum pawl_result pawl_content_key_check(const struct pawl_package_file *file, uint64_t image_size,
                                        const uint8_t content_key[PAWL_KEY_SIZE]);

/* The package id that an operand names: 64 hex digits, or a package file. */
enum pawl_result pawl_package_id_load(const char *text, uint8_t package_id[PAWL_PACKAGE_ID_SIZE]);

#endif
