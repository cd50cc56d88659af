/* What the command line of `pawl package` asks for. */
#ifndef PAWL_CLI_PACKAGE_REQUEST_H
#define PAWL_CLI_PACKAGE_REQUEST_H

#include <stdbool.h>
#include <stdint.h>

#include "headend/signer.h"
#include "host/options.h"
#include "pawl/manifest.h"

struct pawl_package_request {
    const char *image, *key, *vendor, *class_name, *name, *version;
    const char *kind, *success, *profile;
    const char *load_address, *entry_address;
    const char *out, *content_key;
    uint64_t security_version, deadline, chunk_size, created;
    struct pawl_option_list arguments, revoke;
    bool direct; /* then also: */
    const char *pud;
    uint64_t sequence;
};

/* The options write here. */
extern struct pawl_package_request pawl_package_request;
extern const struct pawl_option pawl_package_options[];

/* Checks the request and puts it into a manifest, whose image comes later; texts point to the
 * request. `operands` are more arguments. Returns the exit code: a usage error was printed unless
 * PAWL_EXIT_DONE. */
int pawl_package_request_check(const struct pawl_option_list *operands,
                               struct pawl_manifest *manifest);

/* Puts the keys of --revoke into a manifest that `signer` is to sign. Prints the error that it
 * returns: what reading a key gave, PAWL_MALFORMED for one twice, PAWL_STATE for the signer's. */
enum pawl_result pawl_package_request_revoke(const struct pawl_signer *signer,
                                             struct pawl_manifest *manifest);

#endif
