/* Searching devices: those that the best term selects (sqlite_candidates.c) are looked at one by
 * one, by a statement with the conditions of all terms. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/sqlite_device.h"

#define TEXT_SIZE 4096u
#define NUMBER_PARAMETER 1 /* device.number; those of term i are 2 + 2 i and 3 + 2 i */

/* How a term reads in SQL, @ and # standing for the numbers of its parameters. `any`: what `*`
 * means. */
static const struct condition {
    const char *equal, *any;
} conditions[PAWL_QUERY_FIELD_COUNT] = {
    [PAWL_QUERY_ID] = {"device_id BETWEEN ?@ AND ?#", NULL},
    [PAWL_QUERY_VENDOR] = {"EXISTS (SELECT 1 FROM class c WHERE c.number = class "
                           "AND c.vendor_id = ?@)",
                           NULL},
    [PAWL_QUERY_CLASS] = {"EXISTS (SELECT 1 FROM class c WHERE c.number = class "
                          "AND c.class_id = ?@)",
                          NULL},
    [PAWL_QUERY_GROUP] = {"EXISTS (SELECT 1 FROM device_group g WHERE g.number = device_group "
                          "AND g.name = ?@)",
                          "device_group IS NOT NULL"},
    [PAWL_QUERY_LABEL] = {"EXISTS (SELECT 1 FROM device_label l JOIN label ON label.number = "
                          "l.label WHERE l.device = ?1 AND key = ?@ AND value = ?#)",
                          "EXISTS (SELECT 1 FROM device_label l JOIN label ON label.number = "
                          "l.label WHERE l.device = ?1 AND key = ?@)"},
    [PAWL_QUERY_STATE] = {"ifnull(standing, 0) = ?@", NULL},
    [PAWL_QUERY_PACKAGE] = {"ifnull(record.package_id BETWEEN ?@ AND ?#, 0)",
                            "record.package_id IS NOT NULL"},
    [PAWL_QUERY_RELEASE] = {"EXISTS (SELECT 1 FROM package p WHERE p.package_id = "
                            "record.package_id AND p.release_id BETWEEN ?@ AND ?#)",
                            "EXISTS (SELECT 1 FROM package p WHERE p.package_id = "
                            "record.package_id)"},
    [PAWL_QUERY_SEQUENCE] = {"ifnull(sequence, 0) = ?@", NULL},
    [PAWL_QUERY_SEEN] = {"0", "seen.time IS NOT NULL"},
    [PAWL_QUERY_FAILED] = {"failed_code IS ?@", "failed_package_id IS NOT NULL"},
};

static const char *comparison_text(const struct pawl_query_term *term)
{
    bool below = term->relation == PAWL_QUERY_BELOW;
    if (term->field == PAWL_QUERY_SEQUENCE)
        return below ? "ifnull(sequence, 0) < ?@" : "ifnull(sequence, 0) > ?@";
    return below ? "seen.time < ?@" : "seen.time >= ?@";
}

/* Appends the condition of a term at `at`; returns the end. */
static size_t condition_write(const struct pawl_query_term *term, int parameter, char *out,
                              size_t at)
{
    const struct condition *condition = &conditions[term->field];
    const char *text = term->any ? condition->any : condition->equal;
    bool negated = term->relation == PAWL_QUERY_NOT_EQUAL;
    if (term->relation == PAWL_QUERY_BELOW || term->relation == PAWL_QUERY_ABOVE)
        text = comparison_text(term);
    at += (size_t)snprintf(out + at, TEXT_SIZE - at, " AND %s(", negated ? "NOT " : "");
    for (; *text != '\0' && at + 16 < TEXT_SIZE; text++) {
        if (*text == '@' || *text == '#')
            at += (size_t)snprintf(out + at, TEXT_SIZE - at, "%d", parameter + (*text == '#'));
        else
            out[at++] = *text;
    }
    out[at++] = ')';
    out[at] = '\0';
    return at;
}

void pawl_sqlite_term_bind(sqlite3_stmt *statement, const struct pawl_query_term *term,
                           int parameter)
{
    size_t size = term->field == PAWL_QUERY_ID ? PAWL_ID_SIZE : sizeof term->low;
    switch (term->field) {
    case PAWL_QUERY_ID:
    case PAWL_QUERY_PACKAGE:
    case PAWL_QUERY_RELEASE:
        pawl_bind_blob(statement, parameter, term->low, size);
        pawl_bind_blob(statement, parameter + 1, term->high, size);
        break;
    case PAWL_QUERY_VENDOR:
    case PAWL_QUERY_CLASS:
        pawl_bind_blob(statement, parameter, term->low, PAWL_ID_SIZE);
        break;
    case PAWL_QUERY_GROUP:
        pawl_bind_text(statement, parameter, term->text.value);
        break;
    case PAWL_QUERY_LABEL:
        pawl_bind_text(statement, parameter, term->text.key);
        pawl_bind_text(statement, parameter + 1, term->text.value);
        break;
    case PAWL_QUERY_SEEN:
        pawl_bind_time(statement, parameter, term->time);
        break;
    default:
        pawl_bind_number(statement, parameter, term->number);
        break;
    }
}

/* The statement that looks at one device. Parameters that it does not have are not bound. */
static sqlite3_stmt *look_prepare(struct pawl_sqlite *connection, const struct pawl_query *query)
{
    char text[TEXT_SIZE];
    sqlite3_stmt *statement = NULL;
    size_t at = (size_t)snprintf(text, sizeof text,
                                 "SELECT " PAWL_SQLITE_DEVICE_COLUMNS ", seen.time FROM device "
                                 "LEFT JOIN record ON record.device = device.number "
                                 "LEFT JOIN seen ON seen.device = device.number "
                                 "WHERE device.number = ?%d",
                                 NUMBER_PARAMETER);
    for (size_t i = 0; i < query->count; i++)
        at = condition_write(&query->terms[i], 2 + 2 * (int)i, text, at);
    sqlite3_prepare_v2(connection->db, text, -1, &statement, NULL);
    for (size_t i = 0; i < query->count; i++)
        pawl_sqlite_term_bind(statement, &query->terms[i], 2 + 2 * (int)i);
    return statement;
}

/* Visits the device with this number when the query finds it. */
static enum pawl_result device_look(struct pawl_sqlite *connection, sqlite3_stmt *statement,
                                    uint64_t number, pawl_device_fn visit, void *context,
                                    size_t *visited)
{
    struct pawl_device device = {0};
    bool row = false;
    pawl_bind_number(statement, NUMBER_PARAMETER, number);
    enum pawl_result result = pawl_sqlite_step(connection, statement, &row);
    if (result != PAWL_OK || !row)
        return result;
    int64_t seen = sqlite3_column_int64(statement, PAWL_SQLITE_DEVICE_NEXT_COLUMN);
    result = pawl_sqlite_device_decode(connection, statement, &device);
    sqlite3_reset(statement);
    if (result != PAWL_OK)
        return result;
    ++*visited;
    return visit(context, &device, seen);
}

static enum pawl_result candidates_visit(struct pawl_sqlite *connection,
                                         const struct pawl_query *query,
                                         const struct pawl_sqlite_candidates *candidates,
                                         size_t limit, pawl_device_fn visit, void *context,
                                         uint64_t *next)
{
    sqlite3_stmt *statement = look_prepare(connection, query);
    enum pawl_result result = PAWL_OK;
    size_t at = 0, visited = 0;
    while (result == PAWL_OK && at < candidates->count && visited < limit)
        result =
            device_look(connection, statement, candidates->numbers[at++], visit, context, &visited);
    sqlite3_finalize(statement);
    if (result == PAWL_OK)
        *next = at < candidates->count ? candidates->numbers[at - 1] : candidates->next;
    return result;
}

enum pawl_result pawl_sqlite_device_search(struct pawl_reader *reader,
                                           const struct pawl_query *query, uint64_t after,
                                           size_t limit, pawl_device_fn visit, void *context,
                                           uint64_t *next)
{
    struct pawl_sqlite *connection = pawl_sqlite_of(reader);
    struct pawl_sqlite_candidates *candidates = malloc(sizeof *candidates);
    enum pawl_result result = PAWL_EXHAUSTED;
    if (candidates != NULL)
        result = pawl_sqlite_candidates_find(connection, query, after, candidates);
    if (result == PAWL_OK)
        result = candidates_visit(connection, query, candidates, limit, visit, context, next);
    free(candidates);
    return result;
}
