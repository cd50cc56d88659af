/*
 * Labels: what an operator notes about a device, key=value (SPEC 16.21). A device has at most
 * PAWL_LABELS_MAX of them, and one value for a key.
 */
#ifndef PAWL_HEADEND_LABEL_H
#define PAWL_HEADEND_LABEL_H

#include <stdbool.h>
#include <stddef.h>

#define PAWL_LABEL_KEY_SIZE 64u    /* 1 to 63 of A-Z a-z 0-9 . _ -, the first no punctuation */
#define PAWL_LABEL_VALUE_SIZE 129u /* 1 to 128 bytes of UTF-8 without control characters */
#define PAWL_LABELS_MAX 16u        /* labels of one device */

struct pawl_label {
    char key[PAWL_LABEL_KEY_SIZE];
    char value[PAWL_LABEL_VALUE_SIZE];
};

bool pawl_label_key_is_good(const char *text, size_t size);
bool pawl_label_value_is_good(const char *text, size_t size);

/* A group's name: 1 to 64 bytes of UTF-8 without control characters. */
bool pawl_group_is_good(const char *text, size_t size);

#endif
