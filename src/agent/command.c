/* Commands (SPEC 19.2). A command's number is all that most of them consist of: that it came, or
 * the time to the next poll that came with it, is what was wanted. */
#include "agent/agent.h"
#include "host/log.h"

bool pawl_agent_command(struct pawl_agent *agent)
{
    const struct pawl_work *work = &agent->work;
    struct pawl_link_answer answer;

    pawl_log(PAWL_LOG_INFO, "command %llu", (unsigned long long)work->command);
    if (work->message_size > 0 && pawl_message_show(&agent->message, agent->settings->on_message,
                                                    work->message, work->message_size) != PAWL_OK)
        return false;
    /* Now it is the processor's to tell the server, who sends it again until then. */
    enum pawl_result result = pawl_link_client_taken(&agent->link, work->command, &answer);
    if (result == PAWL_OK && answer.result == PAWL_OK)
        return true;
    pawl_log(PAWL_LOG_WARNING, "%s: the secure processor does not take note of the command",
             pawl_result_name(result == PAWL_OK ? answer.result : result));
    return false;
}
