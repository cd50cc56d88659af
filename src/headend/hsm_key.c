/* What is done with keys in the HSM. */
#include <string.h>

#include "headend/hsm_session.h"
#include "pawl/secret.h"

/* Attributes in templates: the values are not changed by the library. */
#define BOOLEAN(type, value)                                         \
    {                                                                \
        type, (value) ? (void *)&yes : (void *)&no, sizeof(CK_BBOOL) \
    }
#define NUMBER(type, value)           \
    {                                 \
        type, &(value), sizeof(value) \
    }
#define COUNT_OF(array) (sizeof(array) / sizeof *(array))

static CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
static CK_OBJECT_CLASS secret_class = CKO_SECRET_KEY, private_class = CKO_PRIVATE_KEY;
static CK_KEY_TYPE aes_type = CKK_AES, generic_type = CKK_GENERIC_SECRET;
static CK_MECHANISM key_wrap = {CKM_AES_KEY_WRAP, NULL, 0};

/* The name of the key, as attributes: label, id or both. */
static CK_ULONG name_get(const struct pawl_hsm *hsm, CK_ATTRIBUTE name[2])
{
    static const CK_ATTRIBUTE_TYPE types[2] = {CKA_LABEL, CKA_ID};
    CK_ULONG count = 0;
    for (int i = 0; i < 2; i++) {
        const CK_ATTRIBUTE *attribute = p11_kit_uri_get_attribute(hsm->uri, types[i]);
        if (attribute != NULL)
            name[count++] = *attribute;
    }
    return count;
}

/* Looks for keys of that name: how many there are, two for more, and the first of them. */
static enum pawl_result keys_find(struct pawl_hsm *hsm, CK_OBJECT_CLASS *class,
                                  CK_OBJECT_HANDLE *first, CK_ULONG *count,
                                  struct pawl_trouble *trouble)
{
    CK_FUNCTION_LIST *module = hsm->module;
    CK_ATTRIBUTE template[3] = {{CKA_CLASS, class, sizeof *class}};
    CK_OBJECT_HANDLE found[2] = {0, 0};
    *count = 0;
    CK_RV code = module->C_FindObjectsInit(hsm->session, template, 1 + name_get(hsm, template + 1));
    if (code == CKR_OK) {
        code = module->C_FindObjects(hsm->session, found, 2, count);
        module->C_FindObjectsFinal(hsm->session);
    }
    *first = found[0];
    return code == CKR_OK ? PAWL_OK : pawl_hsm_failure(trouble, code, "cannot look for the key");
}

/* Finds the key of that name. PAWL_STATE when there is none, or more than one. */
static enum pawl_result key_find(struct pawl_hsm *hsm, CK_OBJECT_CLASS *class,
                                 CK_OBJECT_HANDLE *key, struct pawl_trouble *trouble)
{
    CK_ULONG count;
    enum pawl_result result = keys_find(hsm, class, key, &count, trouble);
    if (result == PAWL_OK && count != 1)
        result = pawl_trouble_set(trouble, PAWL_STATE, "HSM: there %s %s",
                                  count == 0 ? "is no key" : "are two keys", hsm->place);
    return result;
}

/* PAWL_STATE when there is a key of that name. */
static enum pawl_result name_check(struct pawl_hsm *hsm, CK_OBJECT_CLASS *class,
                                   struct pawl_trouble *trouble)
{
    CK_OBJECT_HANDLE key;
    CK_ULONG count;
    enum pawl_result result = keys_find(hsm, class, &key, &count, trouble);
    if (result == PAWL_OK && count > 0)
        result =
            pawl_trouble_set(trouble, PAWL_STATE, "HSM: there is a key %s already", hsm->place);
    return result;
}

enum pawl_result pawl_hsm_master_make(struct pawl_hsm *hsm, struct pawl_trouble *trouble)
{
    static CK_ULONG size = PAWL_VAULT_KEY_SIZE;
    static CK_MECHANISM generate = {CKM_AES_KEY_GEN, NULL, 0};
    CK_ATTRIBUTE template[14] = {
        NUMBER(CKA_CLASS, secret_class), NUMBER(CKA_KEY_TYPE, aes_type),
        NUMBER(CKA_VALUE_LEN, size),     BOOLEAN(CKA_TOKEN, true),
        BOOLEAN(CKA_PRIVATE, true),      BOOLEAN(CKA_SENSITIVE, true),
        BOOLEAN(CKA_EXTRACTABLE, false), BOOLEAN(CKA_WRAP, true),
        BOOLEAN(CKA_UNWRAP, true),       BOOLEAN(CKA_ENCRYPT, false),
        BOOLEAN(CKA_DECRYPT, false),
    };
    CK_OBJECT_HANDLE key;
    enum pawl_result result = name_check(hsm, &secret_class, trouble);
    if (result != PAWL_OK)
        return result;
    CK_ULONG count = 11 + name_get(hsm, template + 11);
    CK_RV code = hsm->module->C_GenerateKey(hsm->session, &generate, template, count, &key);
    return code == CKR_OK ? PAWL_OK : pawl_hsm_failure(trouble, code, "cannot make the master key");
}

/* Finds the master key, which must not be one that could leave. */
static enum pawl_result master_find(struct pawl_hsm *hsm, CK_OBJECT_HANDLE *key,
                                    struct pawl_trouble *trouble)
{
    CK_BBOOL extractable = CK_TRUE;
    CK_KEY_TYPE type = CKK_GENERIC_SECRET;
    CK_ULONG size = 0;
    CK_ATTRIBUTE about[] = {NUMBER(CKA_EXTRACTABLE, extractable), NUMBER(CKA_KEY_TYPE, type),
                            NUMBER(CKA_VALUE_LEN, size)};
    enum pawl_result result = key_find(hsm, &secret_class, key, trouble);
    if (result != PAWL_OK)
        return result;
    CK_RV code = hsm->module->C_GetAttributeValue(hsm->session, *key, about, COUNT_OF(about));
    if (code != CKR_OK)
        return pawl_hsm_failure(trouble, code, "cannot examine the master key");
    if (type != CKK_AES || size != PAWL_VAULT_KEY_SIZE)
        return pawl_trouble_set(trouble, PAWL_MALFORMED, "HSM: not an AES key of 256 bits: %s",
                                hsm->place);
    if (extractable != CK_FALSE)
        return pawl_trouble_set(trouble, PAWL_UNTRUSTED,
                                "HSM: the key can be extracted, which a master key must not: %s",
                                hsm->place);
    return PAWL_OK;
}

enum pawl_result pawl_hsm_master_check(struct pawl_hsm *hsm, struct pawl_trouble *trouble)
{
    CK_OBJECT_HANDLE key;
    return master_find(hsm, &key, trouble);
}

enum pawl_result pawl_hsm_wrap(struct pawl_hsm *hsm, const uint8_t key[PAWL_VAULT_KEY_SIZE],
                               uint8_t wrapped[PAWL_DATA_KEY_WRAPPED_SIZE],
                               struct pawl_trouble *trouble)
{
    CK_FUNCTION_LIST *module = hsm->module;
    uint8_t value[PAWL_VAULT_KEY_SIZE], out[PAWL_DATA_KEY_WRAPPED_SIZE + 8];
    CK_ATTRIBUTE template[] = {
        NUMBER(CKA_CLASS, secret_class), NUMBER(CKA_KEY_TYPE, generic_type),
        BOOLEAN(CKA_TOKEN, false),       BOOLEAN(CKA_SENSITIVE, false),
        BOOLEAN(CKA_EXTRACTABLE, true),  {CKA_VALUE, value, sizeof value},
    };
    CK_OBJECT_HANDLE master, object;
    CK_ULONG size = sizeof out;
    enum pawl_result result = master_find(hsm, &master, trouble);
    if (result != PAWL_OK)
        return result;
    memcpy(value, key, sizeof value);
    CK_RV code = module->C_CreateObject(hsm->session, template, COUNT_OF(template), &object);
    pawl_wipe(value, sizeof value);
    if (code == CKR_OK) {
        code = module->C_WrapKey(hsm->session, &key_wrap, master, object, out, &size);
        module->C_DestroyObject(hsm->session, object);
    }
    if (code != CKR_OK)
        return pawl_hsm_failure(trouble, code, "cannot wrap the data key");
    if (size != PAWL_DATA_KEY_WRAPPED_SIZE)
        return pawl_trouble_set(trouble, PAWL_UNSUPPORTED, "HSM: it wraps in another way");
    memcpy(wrapped, out, PAWL_DATA_KEY_WRAPPED_SIZE);
    return PAWL_OK;
}

/* Reads the 32 bytes of a session object, and destroys it. */
static CK_RV value_take(struct pawl_hsm *hsm, CK_OBJECT_HANDLE object, uint8_t out[32])
{
    uint8_t value[32];
    CK_ATTRIBUTE attribute = {CKA_VALUE, value, sizeof value};
    CK_RV code = hsm->module->C_GetAttributeValue(hsm->session, object, &attribute, 1);
    hsm->module->C_DestroyObject(hsm->session, object);
    if (code == CKR_OK && attribute.ulValueLen != sizeof value)
        code = CKR_WRAPPED_KEY_LEN_RANGE;
    if (code == CKR_OK)
        memcpy(out, value, sizeof value);
    pawl_wipe(value, sizeof value);
    return code;
}

enum pawl_result pawl_hsm_unwrap(struct pawl_hsm *hsm,
                                 const uint8_t wrapped[PAWL_DATA_KEY_WRAPPED_SIZE],
                                 uint8_t key[PAWL_VAULT_KEY_SIZE], struct pawl_trouble *trouble)
{
    uint8_t bytes[PAWL_DATA_KEY_WRAPPED_SIZE];
    CK_ATTRIBUTE template[] = {
        NUMBER(CKA_CLASS, secret_class), NUMBER(CKA_KEY_TYPE, generic_type),
        BOOLEAN(CKA_TOKEN, false),       BOOLEAN(CKA_SENSITIVE, false),
        BOOLEAN(CKA_EXTRACTABLE, true),
    };
    CK_OBJECT_HANDLE master, object;
    enum pawl_result result = master_find(hsm, &master, trouble);
    if (result != PAWL_OK)
        return result;
    memcpy(bytes, wrapped, sizeof bytes);
    CK_RV code = hsm->module->C_UnwrapKey(hsm->session, &key_wrap, master, bytes, sizeof bytes,
                                          template, COUNT_OF(template), &object);
    /* Libraries differ in what they say of bytes that another key wrapped. */
    if (code == CKR_GENERAL_ERROR || code == CKR_FUNCTION_FAILED || code == CKR_DATA_INVALID)
        code = CKR_WRAPPED_KEY_INVALID;
    if (code == CKR_WRAPPED_KEY_INVALID)
        return pawl_trouble_set(trouble, PAWL_UNTRUSTED,
                                "HSM: it is not the key of this database: %s", hsm->place);
    if (code == CKR_OK)
        code = value_take(hsm, object, key);
    return code == CKR_OK ? PAWL_OK : pawl_hsm_failure(trouble, code, "cannot unwrap the data key");
}

enum pawl_result pawl_hsm_pair_make(struct pawl_hsm *hsm, uint8_t point[PAWL_HSM_POINT_SIZE],
                                    struct pawl_trouble *trouble)
{
    static uint8_t p256[] = {0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07};
    static CK_MECHANISM generate = {CKM_EC_KEY_PAIR_GEN, NULL, 0};
    uint8_t encoded[PAWL_HSM_POINT_SIZE + 2] = {0}; /* an OCTET STRING */
    CK_ATTRIBUTE public[4] = {{CKA_EC_PARAMS, p256, sizeof p256}, BOOLEAN(CKA_TOKEN, true)};
    CK_ATTRIBUTE private[8] = {
        BOOLEAN(CKA_TOKEN, true),        BOOLEAN(CKA_PRIVATE, true), BOOLEAN(CKA_SENSITIVE, true),
        BOOLEAN(CKA_EXTRACTABLE, false), BOOLEAN(CKA_DERIVE, true),  BOOLEAN(CKA_SIGN, false),
    };
    CK_ATTRIBUTE value = {CKA_EC_POINT, encoded, sizeof encoded};
    CK_OBJECT_HANDLE public_key, private_key;
    enum pawl_result result = name_check(hsm, &private_class, trouble);
    if (result != PAWL_OK)
        return result;
    CK_ULONG public_count = 2 + name_get(hsm, public + 2);
    CK_ULONG private_count = 6 + name_get(hsm, private + 6);
    CK_RV code = hsm->module->C_GenerateKeyPair(hsm->session, &generate, public, public_count,
                                                private, private_count, &public_key, &private_key);
    if (code == CKR_OK)
        code = hsm->module->C_GetAttributeValue(hsm->session, public_key, &value, 1);
    if (code != CKR_OK)
        return pawl_hsm_failure(trouble, code, "cannot make the server's key");
    if (value.ulValueLen != sizeof encoded || encoded[0] != 0x04 ||
        encoded[1] != PAWL_HSM_POINT_SIZE || encoded[2] != 0x04)
        return pawl_trouble_set(trouble, PAWL_UNSUPPORTED, "HSM: it writes points in another way");
    memcpy(point, encoded + 2, PAWL_HSM_POINT_SIZE);
    return PAWL_OK;
}

enum pawl_result pawl_hsm_derive(struct pawl_hsm *hsm, const uint8_t peer[PAWL_HSM_POINT_SIZE],
                                 uint8_t secret[32], struct pawl_trouble *trouble)
{
    static CK_ULONG size = 32;
    uint8_t point[PAWL_HSM_POINT_SIZE];
    CK_ECDH1_DERIVE_PARAMS parameters = {
        .kdf = CKD_NULL, .public_data = point, .public_data_len = sizeof point};
    CK_MECHANISM derive = {CKM_ECDH1_DERIVE, &parameters, sizeof parameters};
    CK_ATTRIBUTE template[] = {
        NUMBER(CKA_CLASS, secret_class), NUMBER(CKA_KEY_TYPE, generic_type),
        NUMBER(CKA_VALUE_LEN, size),     BOOLEAN(CKA_TOKEN, false),
        BOOLEAN(CKA_SENSITIVE, false),   BOOLEAN(CKA_EXTRACTABLE, true),
    };
    CK_OBJECT_HANDLE key, object;
    enum pawl_result result = key_find(hsm, &private_class, &key, trouble);
    if (result != PAWL_OK)
        return result;
    memcpy(point, peer, sizeof point);
    CK_RV code =
        hsm->module->C_DeriveKey(hsm->session, &derive, key, template, COUNT_OF(template), &object);
    if (code == CKR_OK)
        code = value_take(hsm, object, secret);
    return code == CKR_OK ? PAWL_OK : pawl_hsm_failure(trouble, code, "cannot agree on a key");
}
