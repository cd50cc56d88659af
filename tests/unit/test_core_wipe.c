/*
 * I8: no key outlives its use in memory. Each function runs on a stack of its own, which is then
 * searched for every secret that was in use, whole or masked as HMAC masks its keys.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>

#include <cmocka.h>

#include "fixture.h"
#include "pawl/chain.h"
#include "pawl/entitlement.h"
#include "pawl/package.h"
#include "pawl/report.h"
#include "pawl/secret.h"

#define STACK_SIZE (256u * 1024)
#define WINDOW 16u /* so many bytes in a row betray a key */

/* Inputs and outputs live here, off the stack that is searched. */
static struct pawl_pud pud;
static uint8_t package_id[PAWL_PACKAGE_ID_SIZE] = {0x50}, content_key[PAWL_KEY_SIZE];
static uint8_t row[PAWL_ROW_SIZE], out[PAWL_KEY_SIZE], auth_key[PAWL_KEY_SIZE];
static uint8_t message[PAWL_REPORT_SIZE_MAX], plain[1024], sealed[1024 + 16];
static uint8_t pud_bytes[PAWL_PUD_SIZE_MAX];
static size_t message_size, pud_size;
static struct pawl_stream stream;
static struct pawl_mac0 mac0;
static struct pawl_report report;
static enum pawl_result result;

static const struct pawl_unit *unit_make(void)
{
    static struct pawl_unit unit;

    unit = (struct pawl_unit){pud.unit_secret, pud.device_id, pud.chain_length, 5};
    return &unit;
}

static enum pawl_result row_read(void *context, uint64_t offset, uint8_t *bytes, size_t size)
{
    (void)context;
    memcpy(bytes, row + offset, size);
    return PAWL_OK;
}

static void run_row(void)
{
    result = pawl_entitlement_row_make(unit_make(), package_id, content_key, row);
}

static void run_entitlement(void)
{
    result = pawl_entitlement_open(&pud, 5, package_id, row + PAWL_TAG_SIZE, out);
}

static void run_refused_entitlement(void)
{
    result = pawl_entitlement_open(&pud, 6, package_id, row + PAWL_TAG_SIZE, out);
    result = result == PAWL_NOT_ENTITLED ? PAWL_OK : PAWL_STATE;
}

static void run_table(void)
{
    static struct pawl_table table = {.count = 1};

    memcpy(table.package_id, package_id, sizeof package_id);
    result = pawl_table_open(&table, row_read, NULL, &pud, 5, out);
}

static void run_keys(void)
{
    static const uint8_t salt[PAWL_SALT_SIZE];

    pawl_storage_key_make(pud.unit_secret, 5, package_id, out);
    pawl_trial_key_make(pud.unit_secret, 5, package_id, out);
    pawl_content_object_key_make(pud.unit_secret, 5, package_id, salt, out);
    pawl_download_key_make(pud.unit_secret, pud.device_id, pud.chain_length, 5, out);
    pawl_direct_key_make(out, package_id, out);
    result = PAWL_OK;
}

static void run_report(void)
{
    pawl_auth_key_make(pud.unit_secret, auth_key);
    result =
        pawl_report_write(&report, pud.device_id, auth_key, message, sizeof message, &message_size);
    if (result == PAWL_OK)
        result = pawl_report_split(message, message_size, &mac0);
    if (result == PAWL_OK)
        result = pawl_report_verify(&mac0, auth_key);
}

static void run_stream(void)
{
    result = pawl_stream_init(&stream, content_key, package_id, sizeof plain, sizeof plain);
    if (result == PAWL_OK)
        result = pawl_stream_seal(&stream, 0, plain, sealed);
    if (result == PAWL_OK)
        result = pawl_stream_open(&stream, 0, sealed, plain);
    pawl_stream_release(&stream);
}

static void run_pud(void)
{
    result = pawl_pud_write(&pud, pud_bytes, sizeof pud_bytes, &pud_size);
    if (result == PAWL_OK)
        result = pawl_pud_read(pud_bytes, pud_size, &pud);
}

static const struct subject {
    const char *name;
    void (*run)(void);
} subjects[] = {
    {"entitlement_row_make", run_row},
    {"entitlement_open", run_entitlement},
    {"entitlement_open, refused", run_refused_entitlement},
    {"table_open", run_table},
    {"keys", run_keys},
    {"report", run_report},
    {"stream", run_stream},
    {"pud", run_pud},
};

/* Every secret of the run: what the functions are given and what they derive on the way. */
struct secrets {
    struct {
        const char *name;
        uint8_t bytes[PAWL_KEY_SIZE];
    } list[32];
    size_t count;
};

static uint8_t *secret_add(struct secrets *secrets, const char *name, const uint8_t *bytes)
{
    assert_true(secrets->count < sizeof secrets->list / sizeof secrets->list[0]);
    secrets->list[secrets->count].name = name;
    if (bytes != NULL)
        memcpy(secrets->list[secrets->count].bytes, bytes, PAWL_KEY_SIZE);
    return secrets->list[secrets->count++].bytes;
}

static void secrets_make(struct secrets *secrets)
{
    static const uint8_t salt[PAWL_SALT_SIZE];
    struct pawl_entitlement_keys keys;

    secret_add(secrets, "unit_secret", pud.unit_secret);
    secret_add(secrets, "content key", content_key);
    for (uint64_t s = 5; s < 7; s++) { /* 6: the refused one */
        uint8_t *link = secret_add(secrets, "chain root", NULL);
        pawl_chain_root_make(pud.unit_secret, s / pud.chain_length, link);
        for (uint64_t i = s; i < pud.chain_length; i++) {
            uint8_t *next = secret_add(secrets, "link", link);
            pawl_chain_walk(pud.device_id, next, 1);
            link = next;
        }
        pawl_entitlement_keys_make(link, package_id, &keys);
        secret_add(secrets, "kek", keys.kek);
        pawl_direct_key_make(link, package_id, secret_add(secrets, "direct key", NULL));
    }
    pawl_auth_key_make(pud.unit_secret, secret_add(secrets, "auth_key", NULL));
    pawl_storage_key_make(pud.unit_secret, 5, package_id, secret_add(secrets, "storage", NULL));
    pawl_trial_key_make(pud.unit_secret, 5, package_id, secret_add(secrets, "trial", NULL));
    pawl_content_object_key_make(pud.unit_secret, 5, package_id, salt,
                                 secret_add(secrets, "content object key", NULL));
    pawl_expand(content_key, "pawl/1 stream", package_id, sizeof package_id,
                secret_add(secrets, "stream key", NULL), PAWL_KEY_SIZE);
}

/* Whether WINDOW bytes of the secret, each xored with `mask`, are somewhere in the buffer. */
static bool found(const uint8_t *buffer, size_t size, const uint8_t *secret, uint8_t mask)
{
    uint8_t masked[PAWL_KEY_SIZE];

    for (size_t i = 0; i < sizeof masked; i++)
        masked[i] = secret[i] ^ mask;
    for (size_t at = 0; at + WINDOW <= sizeof masked; at += 8) {
        if (memmem(buffer, size, masked + at, WINDOW) != NULL)
            return true;
    }
    return false;
}

/* Leaves a key behind on purpose, below what later calls overwrite: it must be found. */
static void run_careless(void)
{
    uint8_t frame[4096];

    memcpy(frame, pud.unit_secret, PAWL_KEY_SIZE);
    __asm__ volatile("" : : "r"(frame) : "memory"); /* the compiler may not drop the copy */
    result = PAWL_OK;
}

/* The name of a secret that a subject left on its stack, or NULL. */
static const char *left_by(const struct subject *subject, const struct secrets *secrets,
                           uint8_t *stack)
{
    static const uint8_t masks[] = {0, 0x36, 0x5c};
    ucontext_t here, there;

    memset(stack, 0, STACK_SIZE);
    assert_int_equal(getcontext(&there), 0);
    there.uc_stack.ss_sp = stack;
    there.uc_stack.ss_size = STACK_SIZE;
    there.uc_link = &here;
    makecontext(&there, subject->run, 0);
    assert_int_equal(swapcontext(&here, &there), 0);
    if (result != PAWL_OK)
        fail_msg("%s: %s", subject->name, pawl_result_name(result));
    for (size_t i = 0; i < secrets->count; i++) {
        for (size_t m = 0; m < sizeof masks; m++) {
            if (found(stack, STACK_SIZE, secrets->list[i].bytes, masks[m]))
                return secrets->list[i].name;
        }
    }
    return NULL;
}

static void no_secret_is_left_on_the_stack(void **state)
{
    static const struct subject careless = {"careless", run_careless};
    struct secrets secrets = {.count = 0};
    struct signer signer;
    uint8_t *stack = aligned_alloc(4096, STACK_SIZE);

    (void)state;
    assert_non_null(stack);
    signer_make(&signer);
    pud_make(&signer, 7, &pud);
    pud.chain_length = 8;
    noise_fill(content_key, sizeof content_key, 8);
    secrets_make(&secrets);
    assert_non_null(left_by(&careless, &secrets, stack));
    for (size_t i = 0; i < sizeof subjects / sizeof subjects[0]; i++) {
        const char *left = left_by(&subjects[i], &secrets, stack);
        if (left != NULL)
            fail_msg("%s leaves %s on the stack", subjects[i].name, left);
    }
    signer_release(&signer);
    free(stack);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_secret_is_left_on_the_stack),
    };

    return cmocka_run_group_tests_name("wiping (I8)", tests, NULL, NULL);
}
