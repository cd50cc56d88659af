/* What the files of the HSM share. */
#ifndef PAWL_HEADEND_HSM_SESSION_H
#define PAWL_HEADEND_HSM_SESSION_H

#include <p11-kit/p11-kit.h>
#include <p11-kit/uri.h>
#include <sys/stat.h>

#include "headend/hsm.h"

#define PAWL_PIN_SIZE 256u

struct pawl_hsm {
    P11KitUri *uri;
    CK_FUNCTION_LIST *module;
    CK_SLOT_ID slot;
    CK_SESSION_HANDLE session;          /* 0: none */
    char place[PAWL_MASTER_PLACE_SIZE]; /* the URI without its query */
};

/* A failure of the library, in words and as a class: PAWL_IO when the HSM is away, PAWL_UNTRUSTED
 * for a PIN or key that was refused, PAWL_UNSUPPORTED, PAWL_EXHAUSTED, PAWL_CRYPTO. */
enum pawl_result pawl_hsm_failure(struct pawl_trouble *trouble, CK_RV code, const char *what);

/* hsm_module.c: the libraries that may reach a token, loaded once: `path` one, or NULL all that the
 * system is set up with. The list ends with NULL and is not to be freed. `again` starts them anew,
 * after a token was not found. PAWL_IO. */
enum pawl_result pawl_hsm_modules_get(const char *path, bool again, CK_FUNCTION_LIST ***modules,
                                      struct pawl_trouble *trouble);

/* hsm_pin.c: reads a PIN from the file that `access` or the URI names, and remembers those that
 * were refused. PAWL_UNTRUSTED also for one that was refused before. Wipe `pin`. One thread at a
 * time. */
struct pawl_hsm_pin {
    uint8_t text[PAWL_PIN_SIZE];
    size_t size;
    char path[512];
    struct stat status; /* of the file when it was read */
};
enum pawl_result pawl_hsm_pin_read(const P11KitUri *uri, const struct pawl_hsm_access *access,
                                   struct pawl_hsm_pin *pin, struct pawl_trouble *trouble);
void pawl_hsm_pin_refused(const struct pawl_hsm_pin *pin);

#endif
