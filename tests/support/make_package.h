/*
 * Packages, entitlements and units for tests, made with the core library and signed with OpenSSL.
 * The keys are fixed: four vendor keys, and units that differ by a number.
 */
#ifndef PAWL_TESTS_MAKE_PACKAGE_H
#define PAWL_TESTS_MAKE_PACKAGE_H

#include <stddef.h>
#include <stdint.h>

#include "pawl/entitlement.h"
#include "pawl/manifest.h"
#include "pawl/package.h"
#include "pawl/pud.h"

#define PAWL_TEST_VENDOR "example.com"
#define PAWL_TEST_CLASS "gateway-a"
#define PAWL_TEST_SIGNER_COUNT 4u

/* What a release and its package are to be. A zeroed field takes the default that is named. */
struct pawl_test_release {
    const char *vendor_name; /* PAWL_TEST_VENDOR */
    const char *class_name;  /* PAWL_TEST_CLASS */
    const char *version;     /* "1.0" */
    uint64_t security_version;
    enum pawl_kind kind;       /* PAWL_KIND_EXEC */
    enum pawl_success success; /* PAWL_SUCCESS_EXIT */
    uint32_t deadline;         /* 60 s */
    uint64_t load_address, entry_address;
    uint64_t image_size; /* 5000 bytes */
    uint8_t image_seed;  /* what the image's bytes are made from */
    uint32_t chunk_size; /* PAWL_CHUNK_SIZE_MIN */
    enum pawl_mode mode;
    unsigned signer;  /* which vendor key, below PAWL_TEST_SIGNER_COUNT */
    unsigned revoked; /* bit i: it revokes vendor key i (SPEC 6.8) */
    enum pawl_profile profile;
    bool other_image; /* sealed is another image than the signed one */
    /* Direct mode: whose key, and for which download. */
    const struct pawl_pud *pud;
    uint64_t sequence;
};

struct pawl_test_package {
    uint8_t *bytes; /* the whole package, allocated */
    size_t size;
    uint8_t *image; /* its plaintext, allocated */
    size_t image_size;
    uint32_t preamble_size;
    uint8_t package_id[PAWL_PACKAGE_ID_SIZE];
    uint8_t content_key[PAWL_KEY_SIZE]; /* wrapped mode */
};

/* Ends the test program when something fails that can't. */
void pawl_test_package_make(const struct pawl_test_release *release,
                            struct pawl_test_package *package);
void pawl_test_package_free(struct pawl_test_package *package);

/* The public half of vendor key `index`. */
void pawl_test_anchor_make(unsigned index, struct pawl_anchor *anchor);

/* Unit `number` of the test class: chain length 8, trusts vendor key 0, no maximum. */
void pawl_test_pud_make(uint32_t number, struct pawl_pud *pud);

/* The same, but it trusts vendor keys 0 to count - 1, in this order of succession. */
void pawl_test_pud_trust(struct pawl_pud *pud, uint32_t count);

/* The entitlement of a unit for a package at a sequence number. */
void pawl_test_entitle(const struct pawl_pud *pud, uint64_t sequence,
                       const struct pawl_test_package *package,
                       uint8_t entitlement[PAWL_ENTITLEMENT_SIZE]);

#endif
