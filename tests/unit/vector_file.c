#include "vector_file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static char *file_read(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        fail_msg("%s can't be opened", path);
    fseek(file, 0, SEEK_END);
    long size = ftell(file);
    rewind(file);
    char *text = calloc(1, (size_t)size + 1);
    assert_non_null(text);
    assert_int_equal(fread(text, 1, (size_t)size, file), size);
    fclose(file);
    return text;
}

void vector_load(struct vector *vector, const char *directory, const char *name)
{
    char path[512], *rest;

    snprintf(path, sizeof path, "%s/%s", directory, name);
    memset(vector, 0, sizeof *vector);
    vector->name = name;
    vector->text = file_read(path);
    for (char *line = strtok_r(vector->text, "\n", &rest); line != NULL;
         line = strtok_r(NULL, "\n", &rest)) {
        char *colon = strstr(line, ": ");
        if (colon == NULL || vector->count == VECTOR_FIELD_MAX)
            fail_msg("%s: not a vector", name);
        *colon = '\0';
        vector->fields[vector->count++] = (struct vector_field){line, colon + 2, NULL, 0, false};
    }
}

void vector_release(struct vector *vector)
{
    for (size_t i = 0; i < vector->count; i++)
        free(vector->fields[i].bytes);
    free(vector->text);
}

static struct vector_field *find(const struct vector *vector, const char *name)
{
    for (size_t i = 0; i < vector->count; i++) {
        if (strcmp(vector->fields[i].name, name) == 0)
            return (struct vector_field *)&vector->fields[i];
    }
    return NULL;
}

static struct vector_field *take(struct vector *vector, const char *name)
{
    struct vector_field *field = find(vector, name);

    if (field == NULL)
        fail_msg("%s: no field %s", vector->name, name);
    field->used = true;
    return field;
}

bool vector_has(const struct vector *vector, const char *name)
{
    return find(vector, name) != NULL;
}

const char *vector_text(struct vector *vector, const char *name)
{
    return take(vector, name)->value;
}

uint64_t vector_uint(struct vector *vector, const char *name)
{
    return strtoull(take(vector, name)->value, NULL, 10);
}

static unsigned digit(char c)
{
    static const char digits[] = "0123456789abcdef";
    const char *at = strchr(digits, c);

    assert_true(c != '\0' && at != NULL);
    return (unsigned)(at - digits);
}

const uint8_t *vector_bytes(struct vector *vector, const char *name, size_t *size)
{
    struct vector_field *field = take(vector, name);

    if (field->bytes == NULL) {
        field->size = strlen(field->value) / 2;
        field->bytes = malloc(field->size + 1);
        assert_non_null(field->bytes);
        for (size_t i = 0; i < field->size; i++) {
            const char *pair = field->value + 2 * i;
            field->bytes[i] = (uint8_t)(digit(pair[0]) << 4 | digit(pair[1]));
        }
    }
    *size = field->size;
    return field->bytes;
}

const uint8_t *vector_fixed(struct vector *vector, const char *name, size_t size)
{
    size_t found;
    const uint8_t *bytes = vector_bytes(vector, name, &found);

    assert_int_equal(found, size);
    return bytes;
}

void vector_expect(struct vector *vector, const char *name, const void *bytes, size_t size)
{
    assert_memory_equal(vector_fixed(vector, name, size), bytes, size);
}

void vector_expect_all_used(const struct vector *vector)
{
    for (size_t i = 0; i < vector->count; i++) {
        if (!vector->fields[i].used)
            fail_msg("%s: field %s is not tested", vector->name, vector->fields[i].name);
    }
}
