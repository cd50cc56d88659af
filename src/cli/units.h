/* Units to be entitled, one after the other, from where the command line says. */
#ifndef PAWL_CLI_UNITS_H
#define PAWL_CLI_UNITS_H

#include <stdbool.h>

#include "host/options.h"
#include "pawl/pud.h"
#include "pawl/result.h"

/* Takes one unit; an error ends the visit. The unit is wiped afterwards. */
typedef enum pawl_result (*pawl_unit_fn)(void *context, const struct pawl_pud *unit);

/* Visits the units of a plain units.import file, in bounded memory. Prints nothing; `*refused` says
 * whether an error is that of `take`. */
enum pawl_result pawl_units_file_visit(const char *path, pawl_unit_fn take, void *context,
                                       bool *refused);

/* Visits the units of PUD files and of a plain units.import file (NULL: none). Prints the error
 * that it returns, unless `take` returned it. */
enum pawl_result pawl_units_visit(const struct pawl_option_list *puds, const char *units_path,
                                  pawl_unit_fn take, void *context);

#endif
