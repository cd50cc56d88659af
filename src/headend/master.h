/*
 * The master key, which wraps the data keys (SPEC 22): one interface, two places.
 *
 *   a file of 32 bytes, mode 0600      for development, and small fleets on a guarded machine
 *   a file of one line "pkcs11:..."    names a key in an HSM: master_hsm.c. The key never leaves it
 *
 * A master is opened for what is to be done, and closed: when pawld starts, and for a rotation.
 */
#ifndef PAWL_HEADEND_MASTER_H
#define PAWL_HEADEND_MASTER_H

#include <stdbool.h>
#include <stdint.h>

#include "headend/vault.h"
#include "pawl/result.h"

#define PAWL_TROUBLE_SIZE 320u
#define PAWL_MASTER_PLACE_SIZE 512u

/* What went wrong, in words for the operator: one line, no secret. */
struct pawl_trouble {
    char text[PAWL_TROUBLE_SIZE];
};

/* Writes the words and returns `class`. */
enum pawl_result pawl_trouble_set(struct pawl_trouble *trouble, enum pawl_result class,
                                  const char *format, ...) __attribute__((format(printf, 3, 4)));

/* How to get at an HSM; each part overrides what the URI says of it. */
struct pawl_hsm_access {
    const char *module;   /* path of the PKCS #11 library; NULL: the URI's module-path */
    const char *pin_file; /* NULL: the URI's pin-source, else $CREDENTIALS_DIRECTORY/pawld.pin */
    bool existing;        /* a master key that is made is there already: made in a ceremony */
};

struct pawl_master;

/* Opens the master key that the file `path` is or names. PAWL_UNTRUSTED when others may read the
 * file, or the HSM refused the PIN; PAWL_MALFORMED when it is neither; PAWL_STATE when the HSM has
 * no such key, or two; PAWL_IO when file or HSM cannot be reached. */
enum pawl_result pawl_master_open(const char *path, const struct pawl_hsm_access *access,
                                  struct pawl_master **master, struct pawl_trouble *trouble);

/* Makes a master key and the file `path`, which must not exist (PAWL_STATE): with `uri` NULL in the
 * file itself, else in the HSM, where no key of that name may be (PAWL_STATE). */
enum pawl_result pawl_master_create(const char *path, const char *uri,
                                    const struct pawl_hsm_access *access,
                                    struct pawl_trouble *trouble);

/* Wipes what there is of it, and logs off the HSM. Harmless on NULL. */
void pawl_master_close(struct pawl_master *master);

/* Where it is, for people: "file", or the key's URI without module and PIN. */
const char *pawl_master_place(const struct pawl_master *master);

/* Wraps a data key: AES-256-KW. */
enum pawl_result pawl_master_wrap(struct pawl_master *master,
                                  const uint8_t key[PAWL_VAULT_KEY_SIZE],
                                  uint8_t wrapped[PAWL_DATA_KEY_WRAPPED_SIZE],
                                  struct pawl_trouble *trouble);

/* The reverse: PAWL_UNTRUSTED when this master did not wrap it. Wipe `key`. */
enum pawl_result pawl_master_unwrap(struct pawl_master *master,
                                    const uint8_t wrapped[PAWL_DATA_KEY_WRAPPED_SIZE],
                                    uint8_t key[PAWL_VAULT_KEY_SIZE], struct pawl_trouble *trouble);

#endif
