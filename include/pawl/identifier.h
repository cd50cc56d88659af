/* Identifiers (SPEC 2). */
#ifndef PAWL_IDENTIFIER_H
#define PAWL_IDENTIFIER_H

#include <stddef.h>
#include <stdint.h>

#define PAWL_ID_SIZE 16u         /* device_id, vendor_id, class_id */
#define PAWL_PACKAGE_ID_SIZE 32u /* SHA-256 of the package header */
#define PAWL_RELEASE_ID_SIZE 32u /* SHA-256 of the manifest payload */
#define PAWL_KID_SIZE 8u         /* first bytes of SHA-256(0x04 || x || y) */
#define PAWL_NONCE_SIZE 8u
#define PAWL_INSTANCE_SIZE 8u
#define PAWL_SALT_SIZE 16u

/* UUIDv5 of RFC 4122 over a namespace and a name of `size` bytes. */
void pawl_uuid5_make(const uint8_t space[PAWL_ID_SIZE], const void *name, size_t size,
                     uint8_t id[PAWL_ID_SIZE]);

/* vendor_id of a vendor's domain, class_id of a class name of that vendor (as in SUIT, RFC 9124).
 * Names are NUL-terminated. */
void pawl_vendor_id_make(const char *domain, uint8_t vendor_id[PAWL_ID_SIZE]);
void pawl_class_id_make(const uint8_t vendor_id[PAWL_ID_SIZE], const char *name,
                        uint8_t class_id[PAWL_ID_SIZE]);

/* Key identifier of a P-256 public key. */
void pawl_kid_make(const uint8_t x[32], const uint8_t y[32], uint8_t kid[PAWL_KID_SIZE]);

#endif
