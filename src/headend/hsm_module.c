/* PKCS #11 libraries, loaded and started once, whatever is done with them later: some do not bear
 * to be unloaded while the program uses OpenSSL. */
#include <stdio.h>
#include <string.h>

#include "headend/hsm_session.h"

#define KINDS_MAX 4u /* the library of the present master key, of the next, ... */

static struct {
    char path[512]; /* empty: all that the system is set up with */
    CK_FUNCTION_LIST **modules;
    CK_FUNCTION_LIST *one[2]; /* for `modules` to point to */
} known[KINDS_MAX];
static size_t known_count;

static enum pawl_result load_failure(struct pawl_trouble *trouble, const char *path)
{
    const char *why = p11_kit_message();
    return pawl_trouble_set(trouble, PAWL_IO, "HSM: cannot load %s: %s",
                            path != NULL ? path : "the system's PKCS #11 modules",
                            why != NULL ? why : "there is none");
}

static enum pawl_result modules_load(const char *path, struct pawl_trouble *trouble)
{
    if (known_count == KINDS_MAX)
        return pawl_trouble_set(trouble, PAWL_EXHAUSTED, "HSM: too many PKCS #11 modules");
    CK_FUNCTION_LIST **one = known[known_count].one;
    if (path == NULL) {
        known[known_count].modules = p11_kit_modules_load_and_initialize(0);
        if (known[known_count].modules == NULL)
            return load_failure(trouble, path);
    } else {
        one[0] = p11_kit_module_load(path, 0);
        if (one[0] == NULL)
            return load_failure(trouble, path);
        CK_RV code = p11_kit_module_initialize(one[0]);
        if (code != CKR_OK) {
            p11_kit_module_release(one[0]);
            return pawl_hsm_failure(trouble, code, "its library does not start");
        }
        known[known_count].modules = one;
    }
    snprintf(known[known_count].path, sizeof known[0].path, "%s", path != NULL ? path : "");
    known_count++;
    return PAWL_OK;
}

enum pawl_result pawl_hsm_modules_get(const char *path, bool again, CK_FUNCTION_LIST ***modules,
                                      struct pawl_trouble *trouble)
{
    size_t i = 0;
    while (i < known_count && strcmp(known[i].path, path != NULL ? path : "") != 0)
        i++;
    enum pawl_result result = i == known_count ? modules_load(path, trouble) : PAWL_OK;
    if (result != PAWL_OK)
        return result;
    for (CK_FUNCTION_LIST **module = known[i].modules; again && *module != NULL; module++) {
        p11_kit_module_finalize(*module);
        CK_RV code = p11_kit_module_initialize(*module);
        if (code != CKR_OK)
            return pawl_hsm_failure(trouble, code, "its library does not start again");
    }
    *modules = known[i].modules;
    return PAWL_OK;
}
