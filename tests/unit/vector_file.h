/* A test vector: lines of "name: value". Hex unless the name ends in _uint or _text. Every access
 * marks its field, so that a field that a test overlooks is found. */
#ifndef PAWL_TESTS_VECTOR_FILE_H
#define PAWL_TESTS_VECTOR_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VECTOR_FIELD_MAX 32

struct vector_field {
    char *name;
    char *value;
    uint8_t *bytes; /* decoded on first use */
    size_t size;
    bool used;
};

struct vector {
    const char *name; /* of the file */
    char *text;
    struct vector_field fields[VECTOR_FIELD_MAX];
    size_t count;
};

/* Any mistake in the file fails the running test. */
void vector_load(struct vector *vector, const char *directory, const char *name);
void vector_release(struct vector *vector);

bool vector_has(const struct vector *vector, const char *name);
const char *vector_text(struct vector *vector, const char *name);
uint64_t vector_uint(struct vector *vector, const char *name);
const uint8_t *vector_bytes(struct vector *vector, const char *name, size_t *size);
/* A field of exactly that size. */
const uint8_t *vector_fixed(struct vector *vector, const char *name, size_t size);
/* Fails the running test when the field differs from the bytes. */
void vector_expect(struct vector *vector, const char *name, const void *bytes, size_t size);
/* Fails the running test when a field was never asked for. */
void vector_expect_all_used(const struct vector *vector);

#endif
