/*
 * Explaining artefacts (pawl inspect). A describer looks at a file's bytes and says as JSON what is
 * in them; secrets are named, never shown.
 */
#ifndef PAWL_CLI_INSPECT_H
#define PAWL_CLI_INSPECT_H

#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "pawl/pud.h"
#include "pawl/result.h"

#define PAWL_INSPECT_HEAD 8192u /* bytes of the file that describers get at first */

/* The file being explained. */
struct pawl_artefact {
    const char *path;
    int fd;
    uint64_t size;                   /* of the file */
    uint8_t head[PAWL_INSPECT_HEAD]; /* its first bytes; wiped at the end */
    size_t head_size;
    const struct pawl_anchor *anchor; /* checks a manifest's signature; may be NULL */
};

/* Adds members to `to`. What was found so far stays there when it returns an error, so that a
 * damaged artefact is explained as far as it goes. */
typedef enum pawl_result (*pawl_describe_fn)(const struct pawl_artefact *artefact, json_t *to);

enum pawl_result pawl_package_describe(const struct pawl_artefact *artefact, json_t *to);
enum pawl_result pawl_table_describe(const struct pawl_artefact *artefact, json_t *to);
enum pawl_result pawl_manifest_describe(const struct pawl_artefact *artefact, json_t *to);
enum pawl_result pawl_units_describe(const struct pawl_artefact *artefact, json_t *to);
enum pawl_result pawl_cms_describe(const struct pawl_artefact *artefact, json_t *to);
enum pawl_result pawl_pem_describe(const struct pawl_artefact *artefact, json_t *to);
enum pawl_result pawl_message_describe(const struct pawl_artefact *artefact, json_t *to);
enum pawl_result pawl_secret_describe(const struct pawl_artefact *artefact, json_t *to);

#endif
