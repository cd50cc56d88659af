/* Finding the token and logging in to it. */
#include "headend/hsm.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "headend/hsm_session.h"
#include "pawl/secret.h"

#define SLOTS_MAX 64u

/* Held from open to close: a login belongs to the whole process. */
static pthread_mutex_t one_at_a_time = PTHREAD_MUTEX_INITIALIZER;

static enum pawl_result class_of(CK_RV code)
{
    static const struct {
        CK_RV code;
        enum pawl_result class;
    } classes[] = {
        {CKR_PIN_INCORRECT, PAWL_UNTRUSTED},
        {CKR_PIN_INVALID, PAWL_UNTRUSTED},
        {CKR_PIN_LEN_RANGE, PAWL_UNTRUSTED},
        {CKR_PIN_EXPIRED, PAWL_UNTRUSTED},
        {CKR_PIN_LOCKED, PAWL_UNTRUSTED},
        {CKR_USER_PIN_NOT_INITIALIZED, PAWL_UNTRUSTED},
        {CKR_KEY_FUNCTION_NOT_PERMITTED, PAWL_UNTRUSTED},
        {CKR_WRAPPED_KEY_INVALID, PAWL_UNTRUSTED},
        {CKR_WRAPPED_KEY_LEN_RANGE, PAWL_UNTRUSTED},
        {CKR_ENCRYPTED_DATA_INVALID, PAWL_UNTRUSTED},
        {CKR_MECHANISM_INVALID, PAWL_UNSUPPORTED},
        {CKR_FUNCTION_NOT_SUPPORTED, PAWL_UNSUPPORTED},
        {CKR_CURVE_NOT_SUPPORTED, PAWL_UNSUPPORTED},
        {CKR_HOST_MEMORY, PAWL_EXHAUSTED},
        {CKR_DEVICE_MEMORY, PAWL_EXHAUSTED},
        {CKR_SESSION_COUNT, PAWL_EXHAUSTED},
        {CKR_GENERAL_ERROR, PAWL_IO},
        {CKR_FUNCTION_FAILED, PAWL_IO},
        {CKR_DEVICE_ERROR, PAWL_IO},
        {CKR_DEVICE_REMOVED, PAWL_IO},
        {CKR_TOKEN_NOT_PRESENT, PAWL_IO},
        {CKR_TOKEN_NOT_RECOGNIZED, PAWL_IO},
        {CKR_SLOT_ID_INVALID, PAWL_IO},
        {CKR_SESSION_HANDLE_INVALID, PAWL_IO},
        {CKR_SESSION_CLOSED, PAWL_IO},
        {CKR_OBJECT_HANDLE_INVALID, PAWL_IO},
        {CKR_KEY_HANDLE_INVALID, PAWL_IO},
        {CKR_WRAPPING_KEY_HANDLE_INVALID, PAWL_IO},
        {CKR_UNWRAPPING_KEY_HANDLE_INVALID, PAWL_IO},
        {CKR_CRYPTOKI_NOT_INITIALIZED, PAWL_IO},
    };
    for (size_t i = 0; i < sizeof classes / sizeof *classes; i++)
        if (classes[i].code == code)
            return classes[i].class;
    return PAWL_CRYPTO;
}

enum pawl_result pawl_hsm_failure(struct pawl_trouble *trouble, CK_RV code, const char *what)
{
    return pawl_trouble_set(trouble, class_of(code), "HSM: %s: %s (0x%lx)", what,
                            p11_kit_strerror(code), (unsigned long)code);
}

static enum pawl_result uri_parse(const char *text, P11KitUri **uri, struct pawl_trouble *trouble)
{
    P11KitUri *parsed = p11_kit_uri_new();
    if (parsed == NULL)
        return pawl_trouble_set(trouble, PAWL_EXHAUSTED, "no memory");
    int code = p11_kit_uri_parse(text, P11_KIT_URI_FOR_ANY, parsed);
    const char *why = NULL;
    if (code != P11_KIT_URI_OK)
        why = p11_kit_uri_message(code);
    else if (p11_kit_uri_any_unrecognized(parsed))
        why = "it has a part that is not known";
    else if (p11_kit_uri_get_pin_value(parsed) != NULL)
        why = "pin-value: a PIN is given in a file";
    else if (p11_kit_uri_get_attribute(parsed, CKA_LABEL) == NULL &&
             p11_kit_uri_get_attribute(parsed, CKA_ID) == NULL)
        why = "it names no key (object=...)";
    if (why != NULL) {
        /* The text itself is not repeated: it may have a PIN in it. */
        p11_kit_uri_free(parsed);
        return pawl_trouble_set(trouble, PAWL_MALFORMED, "HSM: the URI: %s", why);
    }
    *uri = parsed;
    return PAWL_OK;
}

enum pawl_result pawl_hsm_uri_complete(const char *text, const struct pawl_hsm_access *access,
                                       const char *object, char *out, size_t size,
                                       struct pawl_trouble *trouble)
{
    P11KitUri *uri;
    char *made = NULL, source[512];
    enum pawl_result result = uri_parse(text, &uri, trouble);
    if (result != PAWL_OK)
        return result;
    if (access->module != NULL)
        p11_kit_uri_set_module_path(uri, access->module);
    if (access->pin_file != NULL) {
        snprintf(source, sizeof source, "file:%s", access->pin_file);
        p11_kit_uri_set_pin_source(uri, source);
    }
    if (object != NULL) {
        CK_ATTRIBUTE label = {CKA_LABEL, (void *)(uintptr_t)object, strlen(object)};
        p11_kit_uri_clear_attributes(uri);
        p11_kit_uri_set_attribute(uri, &label);
    }
    if (p11_kit_uri_format(uri, P11_KIT_URI_FOR_ANY, &made) != P11_KIT_URI_OK)
        result = pawl_trouble_set(trouble, PAWL_EXHAUSTED, "no memory");
    else if (strlen(made) >= size)
        result = pawl_trouble_set(trouble, PAWL_MALFORMED, "HSM: the URI is too long");
    else
        strcpy(out, made);
    free(made);
    p11_kit_uri_free(uri);
    return result;
}

/* Looks for tokens that fit in one library. */
static size_t tokens_find(struct pawl_hsm *hsm, CK_FUNCTION_LIST *module, CK_FLAGS *flags)
{
    CK_SLOT_ID slots[SLOTS_MAX];
    CK_ULONG count = SLOTS_MAX;
    size_t found = 0;
    if (module->C_GetSlotList(CK_TRUE, slots, &count) != CKR_OK)
        return 0;
    for (CK_ULONG i = 0; i < count; i++) {
        CK_TOKEN_INFO info;
        if (module->C_GetTokenInfo(slots[i], &info) != CKR_OK ||
            (info.flags & CKF_TOKEN_INITIALIZED) == 0 ||
            p11_kit_uri_match_token_info(hsm->uri, &info) != 1)
            continue;
        hsm->module = module;
        hsm->slot = slots[i];
        *flags = info.flags;
        found++;
    }
    return found;
}

static enum pawl_result token_find(struct pawl_hsm *hsm, const char *path, CK_FLAGS *flags,
                                   struct pawl_trouble *trouble)
{
    size_t found = 0;
    for (int again = 0; found == 0 && again < 2; again++) {
        CK_FUNCTION_LIST **modules;
        enum pawl_result result = pawl_hsm_modules_get(path, again == 1, &modules, trouble);
        if (result != PAWL_OK)
            return result;
        for (; *modules != NULL; modules++)
            found += tokens_find(hsm, *modules, flags);
    }
    if (found == 0)
        return pawl_trouble_set(trouble, PAWL_IO, "HSM: there is no token for %s", hsm->place);
    if (found > 1)
        return pawl_trouble_set(trouble, PAWL_STATE, "HSM: more than one token fits %s",
                                hsm->place);
    return PAWL_OK;
}

static enum pawl_result login(struct pawl_hsm *hsm, const struct pawl_hsm_access *access,
                              CK_FLAGS flags, struct pawl_trouble *trouble)
{
    struct pawl_hsm_pin pin = {.size = 0};
    if ((flags & CKF_USER_PIN_LOCKED) != 0)
        return pawl_trouble_set(trouble, PAWL_UNTRUSTED, "HSM: the token is locked: %s",
                                hsm->place);
    if ((flags & CKF_USER_PIN_FINAL_TRY) != 0)
        return pawl_trouble_set(trouble, PAWL_UNTRUSTED,
                                "HSM: one more wrong PIN would lock the token; log in by other "
                                "means first");
    enum pawl_result result = pawl_hsm_pin_read(hsm->uri, access, &pin, trouble);
    if (result == PAWL_OK) {
        CK_RV code = hsm->module->C_Login(hsm->session, CKU_USER, pin.text, pin.size);
        if (code != CKR_OK && code != CKR_USER_ALREADY_LOGGED_IN)
            result = pawl_hsm_failure(trouble, code, "login");
        if (result == PAWL_UNTRUSTED)
            pawl_hsm_pin_refused(&pin);
    }
    pawl_wipe(&pin, sizeof pin);
    return result;
}

static enum pawl_result session_open(struct pawl_hsm *hsm, const struct pawl_hsm_access *access,
                                     struct pawl_trouble *trouble)
{
    const char *path = access->module;
    CK_FLAGS flags = 0;
    if (path == NULL)
        path = p11_kit_uri_get_module_path(hsm->uri);
    enum pawl_result result = token_find(hsm, path, &flags, trouble);
    if (result != PAWL_OK)
        return result;
    CK_RV code = hsm->module->C_OpenSession(hsm->slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL,
                                            NULL, &hsm->session);
    if (code != CKR_OK) {
        hsm->session = 0;
        return pawl_hsm_failure(trouble, code, "cannot open a session");
    }
    return login(hsm, access, flags, trouble);
}

enum pawl_result pawl_hsm_open(const char *uri, const struct pawl_hsm_access *access,
                               struct pawl_hsm **out, struct pawl_trouble *trouble)
{
    struct pawl_hsm *hsm = calloc(1, sizeof *hsm);
    if (hsm == NULL)
        return pawl_trouble_set(trouble, PAWL_EXHAUSTED, "no memory");
    pthread_mutex_lock(&one_at_a_time);
    enum pawl_result result = uri_parse(uri, &hsm->uri, trouble);
    if (result == PAWL_OK) {
        snprintf(hsm->place, sizeof hsm->place, "%.*s", (int)strcspn(uri, "?"), uri);
        result = session_open(hsm, access, trouble);
    }
    if (result == PAWL_OK)
        *out = hsm;
    else
        pawl_hsm_close(hsm);
    return result;
}

void pawl_hsm_close(struct pawl_hsm *hsm)
{
    if (hsm == NULL)
        return;
    if (hsm->session != 0) {
        hsm->module->C_Logout(hsm->session);
        hsm->module->C_CloseSession(hsm->session);
    }
    p11_kit_uri_free(hsm->uri);
    free(hsm);
    pthread_mutex_unlock(&one_at_a_time);
}
