/*
 * Searching devices: a small language of terms that must all hold (SPEC 16.20).
 *
 *     class=gateway-a vendor=example.com label.site=berlin state!=quarantined 'seen<-7d'
 *
 * A term is FIELD RELATION VALUE without blanks; a value with blanks stands in double quotes, in
 * which \" and \\ are these characters. `*` stands for any value at all.
 */
#ifndef PAWL_HEADEND_QUERY_H
#define PAWL_HEADEND_QUERY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "headend/label.h"
#include "pawl/identifier.h"
#include "pawl/result.h"

#define PAWL_QUERY_TEXT_MAX 1024u /* bytes */
#define PAWL_QUERY_TERMS_MAX 12u

enum pawl_query_field {
    PAWL_QUERY_ID = 0,
    PAWL_QUERY_VENDOR,
    PAWL_QUERY_CLASS,
    PAWL_QUERY_GROUP,
    PAWL_QUERY_LABEL,
    PAWL_QUERY_STATE,
    PAWL_QUERY_PACKAGE,
    PAWL_QUERY_RELEASE,
    PAWL_QUERY_SEQUENCE,
    PAWL_QUERY_SEEN,
    PAWL_QUERY_FAILED,
    PAWL_QUERY_FIELD_COUNT
};

enum pawl_query_relation {
    PAWL_QUERY_EQUAL = 1,
    PAWL_QUERY_NOT_EQUAL = 2,
    PAWL_QUERY_BELOW = 4,
    PAWL_QUERY_ABOVE = 8,
};

/* One term. Which members count depends on the field. */
struct pawl_query_term {
    enum pawl_query_field field;
    enum pawl_query_relation relation;
    bool any;               /* `*`: has one at all; of SEEN: was ever seen */
    unsigned digits;        /* of ID, PACKAGE, RELEASE: hex digits of the prefix */
    uint8_t low[32];        /* the first id with that prefix; of VENDOR and CLASS the id */
    uint8_t high[32];       /* the last one */
    uint64_t number;        /* of STATE an enum pawl_standing, of SEQUENCE, of FAILED the cause */
    int64_t time;           /* of SEEN */
    struct pawl_label text; /* of LABEL; of GROUP its name as the value */
};

/* All terms hold. A zeroed query finds every device. */
struct pawl_query {
    size_t count;
    struct pawl_query_term terms[PAWL_QUERY_TERMS_MAX];
};

struct pawl_query_error {
    size_t at; /* the character, from 1, at which the text is wrong */
    char message[192];
};

/* Reads `text`, `now` being what times like -7d count from. PAWL_MALFORMED, with `error` set and
 * `query` untouched. */
enum pawl_result pawl_query_read(const char *text, int64_t now, struct pawl_query *query,
                                 struct pawl_query_error *error);

#endif
