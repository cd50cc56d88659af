/*
 * The smallest port of the secure processor: everything in RAM, nothing survives, nothing runs. It
 * reads a PUD and prints the device's first report, ready for POST /v1/report.
 *
 *     cc ram_device.c $(pkg-config --cflags --libs pawl-device pawl) && ./a.out UNIT.pud
 */
#include <pawl/processor.h>
#include <stdio.h>
#include <string.h>

#define PAGE 4096u
#define SLOT (64u * PAGE)

static uint8_t flash[2 * SLOT + 4 * PAGE];
static uint64_t counter;
static uint8_t cells[2][PAWL_CELL_SIZE];

static enum pawl_result flash_read(void *context, size_t offset, void *bytes, size_t size)
{
    (void)context;
    memcpy(bytes, flash + offset, size);
    return PAWL_OK;
}

static enum pawl_result flash_program(void *context, size_t offset, const void *bytes, size_t size)
{
    (void)context;
    memcpy(flash + offset, bytes, size);
    return PAWL_OK;
}

static enum pawl_result flash_erase(void *context, size_t offset, size_t size)
{
    (void)context;
    memset(flash + offset, 0xff, size);
    return PAWL_OK;
}

static enum pawl_result counter_read(void *context, uint64_t *value)
{
    (void)context;
    *value = counter;
    return PAWL_OK;
}

static enum pawl_result counter_increment(void *context)
{
    (void)context;
    counter++;
    return PAWL_OK;
}

static enum pawl_result cell_read(void *context, unsigned index, uint8_t cell[PAWL_CELL_SIZE])
{
    (void)context;
    memcpy(cell, cells[index], PAWL_CELL_SIZE);
    return PAWL_OK;
}

static enum pawl_result cell_write(void *context, unsigned index,
                                   const uint8_t cell[PAWL_CELL_SIZE])
{
    (void)context;
    memcpy(cells[index], cell, PAWL_CELL_SIZE);
    return PAWL_OK;
}

/* No kind of image is offered below, so the engine never gets to these. */
static enum pawl_result load_begin(void *context, const struct pawl_manifest *manifest)
{
    (void)context;
    (void)manifest;
    return PAWL_UNSUPPORTED;
}

static enum pawl_result load(void *context, size_t offset, const uint8_t *bytes, size_t size)
{
    (void)context;
    (void)offset;
    (void)bytes;
    (void)size;
    return PAWL_UNSUPPORTED;
}

static enum pawl_result run(void *context, const struct pawl_manifest *manifest, bool trial)
{
    (void)context;
    (void)manifest;
    (void)trial;
    return PAWL_UNSUPPORTED;
}

static void nothing(void *context)
{
    (void)context;
}

static enum pawl_result entropy(void *context, void *bytes, size_t size)
{
    FILE *source = fopen("/dev/urandom", "rb");
    size_t got = source == NULL ? 0 : fread(bytes, 1, size, source);

    (void)context;
    if (source != NULL)
        fclose(source);
    return got == size ? PAWL_OK : PAWL_IO;
}

static const struct pawl_port port = {
    .flash = {.page_size = PAGE,
              .write_size = 8,
              .erased = 0xff,
              .slots = {{0, SLOT}, {SLOT, SLOT}},
              .records = {{2 * SLOT, 2 * PAGE}, {2 * SLOT + 2 * PAGE, 2 * PAGE}},
              .read = flash_read,
              .program = flash_program,
              .erase = flash_erase},
    .protected_store = {counter_read, counter_increment, cell_read, cell_write},
    .executor = {.load_begin = load_begin,
                 .load = load,
                 .load_abort = nothing,
                 .run = run,
                 .stop = nothing},
    .entropy = entropy,
};

int main(int argc, char **argv)
{
    static _Alignas(PAWL_PROCESSOR_ALIGNMENT) uint8_t memory[PAWL_PROCESSOR_SIZE];
    static uint8_t chunk[PAWL_CHUNK_SIZE_DEFAULT + PAWL_CHUNK_OVERHEAD];
    static struct pawl_pud pud;
    uint8_t bytes[PAWL_PUD_SIZE_MAX], report[PAWL_REPORT_SIZE_MAX];
    struct pawl_processor *processor;
    FILE *file = argc == 2 ? fopen(argv[1], "rb") : NULL;

    if (file == NULL)
        return 2;
    size_t size = fread(bytes, 1, sizeof bytes, file);
    fclose(file);

    memset(flash, 0xff, sizeof flash);
    enum pawl_result result = pawl_pud_read(bytes, size, &pud);
    if (result == PAWL_OK)
        result = pawl_processor_init(memory, &port, &pud, chunk, sizeof chunk, &processor);
    if (result == PAWL_OK)
        result = pawl_processor_report(processor, report, sizeof report, &size);
    if (result == PAWL_OK)
        fwrite(report, 1, size, stdout);
    else
        fprintf(stderr, "%s: %s\n", argv[1], pawl_result_name(result));
    return result == PAWL_OK ? 0 : 1;
}
