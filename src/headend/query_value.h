/* Values of the terms of a query (headend/query.h). */
#ifndef PAWL_HEADEND_QUERY_VALUE_H
#define PAWL_HEADEND_QUERY_VALUE_H

#include "headend/query.h"

/* A field: its name, what it may be compared by, and how its value is read. */
struct pawl_query_form {
    const char *name;
    unsigned relations; /* of enum pawl_query_relation */
    bool may_be_any;    /* `*` is a value */
    bool (*read)(const char *value, int64_t now, struct pawl_query_term *term);
    const char *expected; /* "1 to 32 hex digits" */
};

extern const struct pawl_query_form pawl_query_forms[PAWL_QUERY_FIELD_COUNT];

#endif
