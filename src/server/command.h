/* Commands in the answer to a report (SPEC 19.2). */
#ifndef PAWL_SERVER_COMMAND_H
#define PAWL_SERVER_COMMAND_H

#include "headend/command.h"
#include "server/exchange.h"

/* Reads the device's oldest command and decides its turn; `offers` as in pawl_command_decide. A
 * store that cannot be read lets it wait. */
enum pawl_command_turn pawl_exchange_command_find(struct pawl_exchange *exchange, bool offers,
                                                  struct pawl_command *command);

/* Answers with the command: alone, or with the download that it consists of. */
enum MHD_Result pawl_exchange_command(struct pawl_exchange *exchange,
                                      const struct pawl_command *command);

/* What the audit says of a command that was taken: a JSON object; of a diagnostic its outcome, as
 * far as the report tells it. */
void pawl_command_detail(const struct pawl_command *command, const struct pawl_report *report,
                         char *detail, size_t size);

/* Ends some commands that have expired; the tick calls it. */
enum pawl_result pawl_commands_expire(struct pawl_server *server, int64_t now);

#endif
