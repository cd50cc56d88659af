/* The log's account of what the engine does: a line for each change that matters. */
#ifndef PAWL_LINUX_JOURNAL_H
#define PAWL_LINUX_JOURNAL_H

#include "pawl/processor.h"

/* Says where the device stands at start. */
void pawl_journal_begin(const struct pawl_processor_status *status);

/* Says what changed between two looks. */
void pawl_journal_step(const struct pawl_processor_status *before,
                       const struct pawl_processor_status *after);

#endif
