/* Conformance on the board: what a porter runs first. */
#include "board.h"
#include "common/conformance.h"
#include "pawl/processor.h"
#include "port.h"

int main(void);

static _Alignas(PAWL_PROCESSOR_ALIGNMENT) uint8_t engine[PAWL_PROCESSOR_SIZE];
static uint8_t chunk[4096 + PAWL_CHUNK_OVERHEAD];
static unsigned passed;

static void tell(const char *check, bool holds)
{
    board_print(holds ? "conformance: ok: " : "conformance: NOT: ");
    board_print(check);
    board_print("\r\n");
    passed += holds;
}

static void number_print(unsigned number)
{
    char text[] = {(char)('0' + number / 10 % 10), (char)('0' + number % 10), '\0'};

    board_print(text[0] == '0' ? text + 1 : text);
}

/* The engine itself starts over such a port, with a device that has nothing yet. */
static bool engine_starts(const struct pawl_port *port)
{
    static const struct pawl_pud pud = {.chain_length = 1024, .anchor_count = 1};
    struct pawl_processor *processor;

    return pawl_processor_init(engine, port, &pud, chunk, sizeof chunk, &processor) == PAWL_OK &&
           pawl_processor_boot(processor) == PAWL_OK;
}

int main(void)
{
    struct pawl_port port;
    struct pawl_conformance conformance = {.port = &port, .tell = tell};

    board_open();
    port_make(&port, NULL);
    port_scratch(&conformance.scratch);
    unsigned failures = pawl_conformance_run(&conformance);
    bool starts = engine_starts(&port);
    tell("the engine starts", starts);
    board_print("conformance: ");
    number_print(passed);
    board_print(" passed, ");
    number_print(failures + !starts);
    board_print(" failed\r\n");
    return 0;
}
