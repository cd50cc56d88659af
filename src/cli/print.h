/*
 * What verbs print on stdout: one JSON value, as it is with --json, otherwise as lines for people
 * ("package id  62b4c5...", nested values indented, moments as dates).
 */
#ifndef PAWL_CLI_PRINT_H
#define PAWL_CLI_PRINT_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <jansson.h>

#include "pawl/manifest.h"
#include "pawl/result.h"

/* Prints and gives back `value`, which may be NULL when there was no memory to make it
 * (PAWL_EXHAUSTED, with an error). */
enum pawl_result pawl_print(json_t *value);

/* A column of a table: the member's name and its width. */
struct pawl_column {
    const char *member;
    const char *title;
    int width;
};

/* Prints an array of objects as a table; gives back `items`. Columns end with a NULL member. */
void pawl_print_table(json_t *items, const struct pawl_column *columns);

/* Prints `text` in lines of at most 80 columns that end between words; all but the first begin with
 * `indent` blanks, and the first is thought to begin behind as many columns. */
void pawl_print_paragraph(FILE *out, const char *text, unsigned indent);

/* Prints `text` with control characters made harmless. */
void pawl_print_text(const char *text);

/* Values for JSON. Numbers above 2^63 - 1 become decimal text. */
json_t *pawl_json_hex(const uint8_t *bytes, size_t size);
json_t *pawl_json_number(uint64_t number);
json_t *pawl_json_string(const char *text); /* null for NULL; names of files need not be UTF-8 */
json_t *pawl_json_text(const struct pawl_text *text);

#endif
