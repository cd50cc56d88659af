/*
 * Which devices a search looks at. Each term that an index knows is a source of numbers; the one
 * that selects best is taken, and the other terms are judged device by device.
 *
 * A sorted source gives numbers in ascending order, as many as wanted at a time. The others
 * (prefixes of ids, times, vendors) must be read whole and sorted: they serve only when they are
 * small. When they are not, they select so little that a page is soon full without them.
 */
#include <stdlib.h>

#include "store/sqlite_device.h"

#define PACKAGES_MAX 16u /* that one term may select and still be a source */

/* Statements with the term's value as ?1 (and ?2), of a sorted one the number to begin after as ?3,
 * and how many rows are wanted as ?4. */
struct source {
    const char *numbers;
    bool sorted;
};

static const struct source sources[PAWL_QUERY_FIELD_COUNT] = {
    [PAWL_QUERY_ID] = {"SELECT number FROM device WHERE device_id BETWEEN ?1 AND ?2 LIMIT ?4",
                       false},
    [PAWL_QUERY_VENDOR] = {"SELECT number FROM device WHERE class IN "
                           "(SELECT number FROM class WHERE vendor_id = ?1) LIMIT ?4",
                           false},
    [PAWL_QUERY_CLASS] = {"SELECT number FROM device WHERE class = "
                          "(SELECT number FROM class WHERE class_id = ?1) AND number > ?3 "
                          "ORDER BY number LIMIT ?4",
                          true},
    [PAWL_QUERY_GROUP] = {"SELECT number FROM device WHERE device_group = "
                          "(SELECT number FROM device_group WHERE name = ?1) AND number > ?3 "
                          "ORDER BY number LIMIT ?4",
                          true},
    [PAWL_QUERY_LABEL] = {"SELECT device FROM device_label WHERE label = "
                          "(SELECT number FROM label WHERE key = ?1 AND value = ?2) "
                          "AND device > ?3 ORDER BY device LIMIT ?4",
                          true},
    [PAWL_QUERY_STATE] = {"SELECT device FROM record WHERE standing = ?1 AND standing <> 0 "
                          "AND device > ?3 ORDER BY device LIMIT ?4",
                          true},
    [PAWL_QUERY_FAILED] = {"SELECT device FROM record WHERE failed_code = ?1 AND device > ?3 "
                           "ORDER BY device LIMIT ?4",
                           true},
};

static const struct source seen_before = {"SELECT device FROM seen WHERE time < ?1 LIMIT ?4",
                                          false};
static const struct source seen_since = {"SELECT device FROM seen WHERE time >= ?1 LIMIT ?4",
                                         false};

/* The source that a term is, or NULL. */
static const struct source *source_of(const struct pawl_query_term *term)
{
    if (term->field == PAWL_QUERY_SEEN && term->relation == PAWL_QUERY_BELOW)
        return &seen_before;
    if (term->field == PAWL_QUERY_SEEN && term->relation == PAWL_QUERY_ABOVE)
        return &seen_since;
    bool active = term->field == PAWL_QUERY_STATE && term->number == PAWL_STANDING_ACTIVE;
    if (term->relation != PAWL_QUERY_EQUAL || term->any || active)
        return NULL;
    return sources[term->field].numbers != NULL ? &sources[term->field] : NULL;
}

/* Reads at most `limit` numbers of a source. */
static enum pawl_result source_read(struct pawl_sqlite *connection, const struct source *source,
                                    const struct pawl_query_term *term, uint64_t after,
                                    size_t limit, uint64_t *numbers, size_t *count)
{
    sqlite3_stmt *statement = NULL;
    size_t read = 0;
    sqlite3_prepare_v2(connection->db, source->numbers, -1, &statement, NULL);
    pawl_sqlite_term_bind(statement, term, 1);
    if (source->sorted)
        pawl_bind_number(statement, 3, after);
    pawl_bind_number(statement, 4, limit);
    enum pawl_result result = PAWL_OK;
    while (pawl_sqlite_next(connection, statement, &result))
        numbers[read++] = pawl_column_number(statement, 0);
    sqlite3_finalize(statement);
    *count = read;
    return result;
}

static int number_compare(const void *a, const void *b)
{
    const uint64_t *x = a, *y = b;
    return *x < *y ? -1 : *x > *y;
}

/* Of numbers read whole: those above `after`, in order. */
static size_t numbers_sort(uint64_t *numbers, size_t count, uint64_t after)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++)
        if (numbers[i] > after)
            numbers[kept++] = numbers[i];
    qsort(numbers, kept, sizeof *numbers, number_compare);
    return kept;
}

/* A source that was read, and whether it was read to its end. */
struct reading {
    uint64_t numbers[PAWL_SEARCH_WORK + 1];
    size_t count;
};

/* Replaces `best` by what this term selects when that is less. `*found`: `best` holds something. */
static enum pawl_result source_try(struct pawl_sqlite *connection,
                                   const struct pawl_query_term *term, uint64_t after,
                                   struct reading **best, struct reading **spare, bool *found)
{
    const struct source *source = source_of(term);
    struct reading *reading = *spare;
    size_t limit = *found ? (*best)->count : PAWL_SEARCH_WORK + 1;
    if (source == NULL || limit == 0)
        return PAWL_OK;
    enum pawl_result result =
        source_read(connection, source, term, after, limit, reading->numbers, &reading->count);
    /* As many as the best one has, or more: no better. The first sorted one may be cut off. */
    bool better = reading->count < limit || (!*found && source->sorted);
    if (result != PAWL_OK || !better)
        return result;
    if (!source->sorted)
        reading->count = numbers_sort(reading->numbers, reading->count, after);
    *spare = *best;
    *best = reading;
    *found = true;
    return PAWL_OK;
}

/* Packages that a term selects; `*count` is more than PACKAGES_MAX when there are too many. */
static enum pawl_result packages_find(struct pawl_sqlite *connection,
                                      const struct pawl_query_term *term, uint64_t *packages,
                                      size_t *count)
{
    static const struct source by_package = {
        "SELECT number FROM ran WHERE package_id BETWEEN ?1 AND ?2 LIMIT ?4", false};
    static const struct source by_release = {
        "SELECT ran.number FROM package JOIN ran USING (package_id) "
        "WHERE release_id BETWEEN ?1 AND ?2 LIMIT ?4",
        false};
    const struct source *source = term->field == PAWL_QUERY_PACKAGE ? &by_package : &by_release;
    return source_read(connection, source, term, 0, PACKAGES_MAX + 1, packages, count);
}

/* The devices of one block that run one of the packages, above `after`. */
static enum pawl_result block_read(struct pawl_sqlite *connection, const uint64_t *packages,
                                   size_t package_count, uint64_t block, uint64_t after,
                                   struct reading *reading)
{
    uint8_t bits[PAWL_SQLITE_RUNNING_BLOCK / 8], more[sizeof bits];
    enum pawl_result result = pawl_sqlite_running_get(connection, packages[0], block, bits);
    for (size_t i = 1; result == PAWL_OK && i < package_count; i++) {
        result = pawl_sqlite_running_get(connection, packages[i], block, more);
        for (size_t k = 0; k < sizeof bits; k++)
            bits[k] |= more[k];
    }
    if (result != PAWL_OK)
        return result;
    for (size_t bit = 0; bit < 8 * sizeof bits && reading->count <= PAWL_SEARCH_WORK; bit++) {
        uint64_t number = block * PAWL_SQLITE_RUNNING_BLOCK + bit;
        if ((bits[bit / 8] >> bit % 8 & 1) != 0 && number > after)
            reading->numbers[reading->count++] = number;
    }
    return PAWL_OK;
}

static enum pawl_result last_number_get(struct pawl_sqlite *connection, uint64_t *last)
{
    sqlite3_stmt *statement = NULL;
    bool row = false;
    sqlite3_prepare_v2(connection->db, "SELECT max(number) FROM device", -1, &statement, NULL);
    enum pawl_result result = pawl_sqlite_step(connection, statement, &row);
    *last = result == PAWL_OK && row ? pawl_column_number(statement, 0) : 0;
    sqlite3_finalize(statement);
    return result;
}

/* The same as source_try for a term about what devices run. */
static enum pawl_result running_try(struct pawl_sqlite *connection,
                                    const struct pawl_query_term *term, uint64_t after,
                                    uint64_t last, struct reading **best, struct reading **spare,
                                    bool *found)
{
    uint64_t packages[PACKAGES_MAX + 1];
    struct reading *reading = *spare;
    size_t count = 0;
    bool about = term->field == PAWL_QUERY_PACKAGE || term->field == PAWL_QUERY_RELEASE;
    if (!about || term->relation != PAWL_QUERY_EQUAL || term->any)
        return PAWL_OK;
    enum pawl_result result = packages_find(connection, term, packages, &count);
    if (result != PAWL_OK || count > PACKAGES_MAX)
        return result;
    size_t limit = *found ? (*best)->count : PAWL_SEARCH_WORK + 1;
    reading->count = 0;
    for (uint64_t block = after / PAWL_SQLITE_RUNNING_BLOCK;
         count > 0 && block <= last / PAWL_SQLITE_RUNNING_BLOCK && reading->count < limit &&
         result == PAWL_OK;
         block++)
        result = block_read(connection, packages, count, block, after, reading);
    if (result != PAWL_OK || (*found && reading->count >= limit))
        return result;
    *spare = *best;
    *best = reading;
    *found = true;
    return PAWL_OK;
}

/* What is looked at when no term helps: every device, some at a time. */
static void all_fill(struct reading *reading, uint64_t after, uint64_t last)
{
    for (reading->count = 0; reading->count <= PAWL_SEARCH_WORK && after < last; reading->count++)
        reading->numbers[reading->count] = ++after;
}

enum pawl_result pawl_sqlite_candidates_find(struct pawl_sqlite *connection,
                                             const struct pawl_query *query, uint64_t after,
                                             struct pawl_sqlite_candidates *candidates)
{
    struct reading *readings = malloc(2 * sizeof *readings);
    if (readings == NULL)
        return PAWL_EXHAUSTED;
    struct reading *best = &readings[0], *spare = &readings[1];
    uint64_t last = 0;
    bool found = false;
    enum pawl_result result = last_number_get(connection, &last);
    for (size_t i = 0; result == PAWL_OK && i < query->count; i++) {
        result = source_try(connection, &query->terms[i], after, &best, &spare, &found);
        if (result == PAWL_OK)
            result = running_try(connection, &query->terms[i], after, last, &best, &spare, &found);
    }
    if (result == PAWL_OK && !found)
        all_fill(best, after, last);
    bool more = best->count > PAWL_SEARCH_WORK;
    candidates->count = more ? PAWL_SEARCH_WORK : best->count;
    for (size_t i = 0; result == PAWL_OK && i < candidates->count; i++)
        candidates->numbers[i] = best->numbers[i];
    candidates->next = more ? candidates->numbers[PAWL_SEARCH_WORK - 1] : 0;
    free(readings);
    return result;
}
