#include "executor.h"

#include <string.h>

#include "an505.h"
#include "gateway.h"
#include "log.h"
#include "pawl/secret.h"
#include "watchdog.h"
#include "world.h"

/* At the end of the image's memory lies the table of gateways, below it the stack begins. */
#define TABLE_ROOM 0x100u
#define TABLE_START (AN505_IMAGE_END - TABLE_ROOM)
#define STACK_ROOM 0x1000u
#define WINDOW_END (TABLE_START - STACK_ROOM)
_Static_assert(sizeof(struct pawl_gateways) <= TABLE_ROOM, "the table must fit");

static void text_copy(char *to, size_t capacity, const struct pawl_text *text)
{
    size_t size = text->size < capacity - 1 ? text->size : capacity - 1;

    memcpy(to, text->bytes, size);
    to[size] = '\0';
}

static void memory_wipe(void)
{
    pawl_wipe((void *)(uintptr_t)AN505_IMAGE_START, AN505_IMAGE_END - AN505_IMAGE_START);
}

static enum pawl_result load_begin(void *context, const struct pawl_manifest *manifest)
{
    struct pawl_image *image = context;

    *image = (struct pawl_image){.load_address = manifest->load_address,
                                 .size = manifest->image_size,
                                 .release = {.security_version = manifest->security_version}};
    text_copy(image->release.name, sizeof image->release.name, &manifest->name);
    text_copy(image->release.version, sizeof image->release.version, &manifest->version);
    return PAWL_OK;
}

/* The engine has checked that the whole image lies in the window; here it is checked once more
 * where it is used. */
static enum pawl_result load(void *context, size_t offset, const uint8_t *bytes, size_t size)
{
    const struct pawl_image *image = context;
    uint64_t start = image->load_address + offset;

    if (image->load_address < AN505_IMAGE_START || start > WINDOW_END ||
        size > WINDOW_END - start || offset > image->size || size > image->size - offset)
        return PAWL_STATE;
    memcpy((void *)(uintptr_t)start, bytes, size);
    pawl_watchdog_feed();
    return PAWL_OK;
}

static void load_abort(void *context)
{
    struct pawl_image *image = context;

    memory_wipe();
    *image = (struct pawl_image){0};
}

static enum pawl_result run(void *context, const struct pawl_manifest *manifest, bool trial)
{
    struct pawl_image *image = context;

    pawl_gateway_begin((struct pawl_gateways *)(uintptr_t)TABLE_START);
    pawl_world_start((uint32_t)manifest->entry_address, TABLE_START, TABLE_START);
    image->running = true;
    image->on_trial = trial;
    image->started = pawl_world_now();
    image->deadline =
        manifest->deadline > UINT32_MAX / 2000 ? UINT32_MAX / 2 : manifest->deadline * 1000;
    const struct pawl_log_value values[] = {{"entry", (uint32_t)manifest->entry_address},
                                            {"size", (uint32_t)manifest->image_size},
                                            {"trial", trial}};
    pawl_log_line("the image starts:", values, sizeof values / sizeof values[0]);
    return PAWL_OK;
}

static void stop(void *context)
{
    struct pawl_image *image = context;

    if (image->running)
        pawl_log_line("the image was stopped", NULL, 0);
    load_abort(image);
}

void pawl_executor_describe(struct pawl_executor *executor)
{
    *executor = (struct pawl_executor){.kinds = {[PAWL_KIND_RAW] = true},
                                       .image_size_max = WINDOW_END - AN505_IMAGE_START,
                                       .window_start = AN505_IMAGE_START,
                                       .window_end = WINDOW_END,
                                       .load_begin = load_begin,
                                       .load = load,
                                       .load_abort = load_abort,
                                       .run = run,
                                       .stop = stop};
}

/* What ended a slice ends the image too, but time. */
static bool end_take(struct pawl_image *image, enum pawl_slice slice, enum pawl_run_event *event)
{
    if (slice == PAWL_SLICE_TIME)
        return false;
    image->running = false;
    *event = slice == PAWL_SLICE_FAULT ? PAWL_RUN_CRASHED
             : image->exit_status == 0 ? PAWL_RUN_EXITED_ZERO
                                       : PAWL_RUN_EXITED_OTHER;
    if (slice == PAWL_SLICE_EXIT) {
        const struct pawl_log_value exit = {"exit", image->exit_status};
        pawl_log_line("the image has left:", &exit, 1);
    }
    return true;
}

bool pawl_executor_work(struct pawl_image *image, enum pawl_run_event *event)
{
    if (!image->running) {
        pawl_world_rest();
        return false;
    }
    if (end_take(image, pawl_world_slice(), event))
        return true;
    if (image->said_ready && !image->told_ready) {
        image->told_ready = true;
        *event = PAWL_RUN_READY;
        return true;
    }
    if (image->on_trial && pawl_world_now() - image->started >= image->deadline) {
        image->on_trial = false;
        *event = PAWL_RUN_DEADLINE;
        return true;
    }
    return false;
}
