/*
 * What an image that runs beside a secure processor on the same chip can ask of it: gateway
 * functions, called from the non-secure world. Such an image is of kind 2 (SPEC 6.2): a program
 * that lies in memory where its manifest says, and starts at its entry address as
 *
 *     uint32_t entry(const struct pawl_gateways *gateways);
 *
 * with a stack, with interrupts masked (PRIMASK), and the return value as its exit status. It uses
 * no header of Pawl but this one.
 *
 * Each function returns at once, with 0 or the number of a result class (pawl/result.h). Pointers
 * must lie in the image's own memory, else PAWL_UNTRUSTED and nothing is done. The table is the
 * image's to read; what it does to it harms only itself.
 */
#ifndef PAWL_GATEWAY_H
#define PAWL_GATEWAY_H

#include <stdint.h>

#define PAWL_GATEWAY_VERSION 1u
#define PAWL_GATEWAY_TEXT_MAX 80u
#define PAWL_GATEWAY_SALT_SIZE 16u
#define PAWL_GATEWAY_WRAPPED_SIZE 24u

/* What runs, by its signed manifest. */
struct pawl_gateway_release {
    uint64_t sequence; /* at which it runs: its own once it is committed */
    uint64_t security_version;
    uint32_t trial; /* 1 while it has to prove itself */
    char name[32];  /* terminated, cut off where they are longer */
    char version[32];
};

struct pawl_gateways {
    uint32_t version; /* PAWL_GATEWAY_VERSION; later ones append */

    /* The image is ready: the success criterion of a release that says so (SPEC 6.5). */
    uint32_t (*ready)(void);
    /* Ends the image; does not return. Status 0 is the criterion of a release that exits. */
    void (*leave)(uint32_t status);
    /* One line for the device's log, of printable ASCII; other bytes are shown as '?'. At most
     * PAWL_GATEWAY_TEXT_MAX, PAWL_EXHAUSTED for more. */
    uint32_t (*log)(const char *text, uint32_t size);
    uint32_t (*release)(struct pawl_gateway_release *release);
    /* Opens a content key's grant (SPEC 20.4), of which the image never sees the key: `handle`
     * stands for it until the image ends. PAWL_NOT_ENTITLED; PAWL_STATE in a trial; PAWL_EXHAUSTED
     * when all handles are taken. */
    uint32_t (*content_key)(const uint8_t salt[PAWL_GATEWAY_SALT_SIZE],
                            const uint8_t wrapped[PAWL_GATEWAY_WRAPPED_SIZE], uint32_t *handle);
    /* Decrypts content in place: AES-128-CBC, as a segment of SPEC 20 has it; `iv` becomes what the
     * next part needs. At most 4096 bytes, a multiple of 16; padding stays. */
    uint32_t (*content_open)(uint32_t handle, uint8_t iv[16], uint8_t *bytes, uint32_t size);
};

#endif
