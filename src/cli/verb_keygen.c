/* pawl keygen: a vendor's signing key. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/name.h"
#include "cli/print.h"
#include "cli/verbs.h"
#include "headend/signer.h"

static const char *out;

static const struct pawl_option options[] = {
    {"out", 'o', "PEM", "the private key; the public one goes beside it", .text = &out,
     .required = true},
    PAWL_OPTION_FORCE,
    PAWL_OPTION_JSON,
    {.name = NULL},
};

static enum pawl_result save(const struct pawl_signer *signer, const char *public_path)
{
    enum pawl_result result = pawl_signer_save(signer, out, pawl_cli.force);

    if (result != PAWL_OK)
        return pawl_file_error(result, out, "a key file");
    result = pawl_signer_save_public(signer, public_path, pawl_cli.force);
    if (result != PAWL_OK) {
        pawl_file_error(result, public_path, "a key file");
        unlink(out); /* half a key pair would be taken for a whole one */
    }
    return result;
}

static enum pawl_result generate(const char *public_path)
{
    struct pawl_signer *signer = NULL;
    struct pawl_anchor anchor;
    enum pawl_result result = pawl_signer_generate(&signer);

    if (result == PAWL_OK)
        result = pawl_signer_anchor_get(signer, &anchor);
    if (result != PAWL_OK) {
        pawl_signer_free(signer);
        return pawl_error(result, "no key could be made");
    }
    result = save(signer, public_path);
    pawl_signer_free(signer);
    if (result != PAWL_OK)
        return result;
    return pawl_print(json_pack(
        "{s:o, s:o, s:o}", "key_id", pawl_json_hex(anchor.kid, PAWL_KID_SIZE), "private_key",
        pawl_json_string(out), "public_key", pawl_json_string(public_path)));
}

static int run(const struct pawl_option_list *operands)
{
    char *public_path = pawl_name_derive(out, ".pem", ".pub.pem");
    enum pawl_result result = PAWL_OK;

    (void)operands;
    if (public_path == NULL)
        return pawl_exit_code(pawl_error(PAWL_EXHAUSTED, "no memory"));
    /* Both are looked at first, so that nothing is made when either is in the way. */
    if (!pawl_cli.force) {
        result = pawl_name_check_free(out);
        if (result == PAWL_OK)
            result = pawl_name_check_free(public_path);
    }
    if (result == PAWL_OK)
        result = generate(public_path);
    free(public_path);
    return pawl_exit_code(result);
}

const struct pawl_verb pawl_verb_keygen = {
    .name = "keygen",
    .usage = {.command = "pawl keygen",
              .operands = "",
              .summary = "make a vendor's signing key",
              .details = "Writes vendor.pem (0600) and vendor.pub.pem for --out vendor.pem. Keep "
                         "the private key\noffline; devices are given the public one when they "
                         "are personalized."},
    .options = options,
    .run = run,
};
