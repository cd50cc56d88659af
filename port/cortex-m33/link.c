#include "link.h"

#include <string.h>

#include "an505.h"
#include "ethernet.h"
#include "log.h"
#include "uart.h"

static bool has_ethernet;
static uint8_t received[PAWL_ETHERNET_PAYLOAD_MAX];
static uint8_t line[PAWL_LINK_DEVICE_FRAME_MAX];
static size_t line_size;

/* A locally administered address: this device's, or the one of all that have no unit data yet. */
void pawl_board_link_open(const struct pawl_pud *pud)
{
    uint8_t address[6] = {0x02, 'P', 'a', 'w', 'l', 0};

    if (pud != NULL)
        memcpy(address + 1, pud->device_id, sizeof address - 1);
    has_ethernet = pawl_ethernet_open(address) == PAWL_OK;
    if (!has_ethernet)
        pawl_log_line("no Ethernet controller; the link is the serial line alone", NULL, 0);
    pawl_uart_open(AN505_UART1);
}

static bool ethernet_work(struct pawl_link_device *link)
{
    size_t answer_size = 0;
    size_t size = pawl_ethernet_receive(received);

    if (size == 0) {
        pawl_ethernet_watch();
        return false;
    }
    (void)pawl_link_device_take(link, received, size, &answer_size);
    if (answer_size > 0)
        pawl_ethernet_send(link->answer, answer_size);
    return true;
}

static bool line_work(struct pawl_link_device *link)
{
    size_t got = pawl_uart_read(AN505_UART1, line + line_size, sizeof line - line_size);
    size_t used = 0, answer_size = 0;

    line_size += got;
    if (line_size > 0)
        used = pawl_link_device_take(link, line, line_size, &answer_size);
    if (answer_size > 0)
        pawl_uart_write(AN505_UART1, link->answer, answer_size);
    line_size -= used;
    memmove(line, line + used, line_size);
    return got > 0 || used > 0;
}

bool pawl_board_link_work(struct pawl_link_device *link)
{
    bool worked = has_ethernet && ethernet_work(link);

    return line_work(link) || worked;
}
