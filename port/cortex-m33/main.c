/* The secure processor's thread: requests, the image's slices, and what becomes of the image. */
#include "device.h"
#include "link.h"
#include "log.h"
#include "startup.h"
#include "watchdog.h"
#include "world.h"

int main(void);

static struct pawl_device device;

static void status_log(const char *what, enum pawl_result result)
{
    struct pawl_processor_status status = {0};

    if (device.processor != NULL)
        pawl_processor_status_get(device.processor, &status);
    const struct pawl_log_value values[] = {{"result", result},
                                            {"state", status.state},
                                            {"sequence", (uint32_t)status.sequence},
                                            {"failure", (uint32_t)status.failure},
                                            {"stack", pawl_stack_depth()}};
    pawl_log_line(what, values, sizeof values / sizeof values[0]);
}

/* Unit data that was just written is used after a new start. */
static _Noreturn void factory(void)
{
    pawl_log_line("no unit data yet: waiting for it", NULL, 0);
    pawl_board_link_open(NULL);
    while (pawl_otp_read(&device.otp, &device.pud) == PAWL_STATE) {
        pawl_watchdog_feed();
        if (!pawl_board_link_work(&device.link))
            pawl_world_rest();
    }
    pawl_log_line("unit data was written", NULL, 0);
    pawl_reset_request();
}

static _Noreturn void serve(void)
{
    enum pawl_run_event event;

    for (;;) {
        pawl_watchdog_feed();
        if (pawl_board_link_work(&device.link))
            continue;
        if (pawl_executor_work(&device.image, &event))
            status_log("after the image's run:", pawl_processor_ran(device.processor, event));
    }
}

int main(void)
{
    pawl_log_open();
    pawl_watchdog_open();
    pawl_world_open();
    enum pawl_result result = pawl_device_open(&device);
    if (result == PAWL_STATE)
        factory();
    if (result != PAWL_OK) {
        status_log("cannot start:", result);
        for (;;) /* the watchdog tries again */
            pawl_world_rest();
    }
    pawl_board_link_open(&device.pud);
    status_log("started:", pawl_processor_boot(device.processor));
    serve();
}
