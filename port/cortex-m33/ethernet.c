#include "ethernet.h"

#include <stdbool.h>
#include <string.h>

#include "an505.h"
#include "cortex_m.h"

enum {
    RX_DATA = 0x00,
    TX_DATA = 0x20,
    RX_STATUS = 0x40,
    TX_STATUS = 0x48,
    IRQ_CFG = 0x54,
    INT_STS = 0x58,
    INT_EN = 0x5c,
    BYTE_TEST = 0x64,
    FIFO_INT = 0x68,
    TX_CFG = 0x70,
    HW_CFG = 0x74,
    RX_FIFO_INF = 0x7c,
    TX_FIFO_INF = 0x80,
    MAC_CMD = 0xa4,
    MAC_DATA = 0xa8
};
enum { MAC_CR = 1, MAC_ADDRH = 2, MAC_ADDRL = 3 };
#define BYTE_ORDER 0x87654321u
#define MAC_BUSY 0x80000000u
#define MAC_CR_TX_RX 0x0000000cu
#define HW_CFG_FIFO 0x00050000u /* 5 KiB of 16 for what is sent */
#define TX_CFG_ON 0x00000002u
#define TX_FIRST_LAST 0x00003000u
#define RX_STATUS_ERROR 0x00008000u
#define RX_LEVEL_INT 0x00000008u /* frames are waiting */
#define IRQ_CFG_ON 0x00000111u   /* enabled, active high, push-pull */

#define HEADER_SIZE 14u
#define FCS_SIZE 4u
#define FRAME_MAX (HEADER_SIZE + PAWL_ETHERNET_PAYLOAD_MAX)
#define FRAME_MIN 60u
#define SPIN_MAX 100000u

static const uint8_t ether_type[2] = {0x88, 0xb5};
static uint8_t own[6], peer[6];
static uint32_t frame[(FRAME_MAX + 3) / 4];

static volatile uint32_t *reg(uint32_t offset)
{
    return an505_register(AN505_ETHERNET, offset);
}

static void mac_write(uint32_t index, uint32_t value)
{
    *reg(MAC_DATA) = value;
    *reg(MAC_CMD) = MAC_BUSY | index;
    for (unsigned i = 0; i < SPIN_MAX && *reg(MAC_CMD) & MAC_BUSY; i++)
        ;
}

enum pawl_result pawl_ethernet_open(const uint8_t address[6])
{
    if (*reg(BYTE_TEST) != BYTE_ORDER)
        return PAWL_IO;
    memcpy(own, address, sizeof own);
    memset(peer, 0xff, sizeof peer);
    *reg(HW_CFG) = HW_CFG_FIFO;
    mac_write(MAC_ADDRL, (uint32_t)own[0] | (uint32_t)own[1] << 8 | (uint32_t)own[2] << 16 |
                             (uint32_t)own[3] << 24);
    mac_write(MAC_ADDRH, (uint32_t)own[4] | (uint32_t)own[5] << 8);
    *reg(TX_CFG) = TX_CFG_ON;
    *reg(FIFO_INT) = 0; /* interrupt from the first frame on */
    *reg(IRQ_CFG) = IRQ_CFG_ON;
    *reg(INT_EN) = RX_LEVEL_INT;
    mac_write(MAC_CR, MAC_CR_TX_RX);
    return PAWL_OK;
}

static size_t frame_take(void)
{
    uint32_t status = *reg(RX_STATUS);
    uint32_t size = status >> 16 & 0x3fff;
    uint32_t word = 0;

    for (uint32_t i = 0; i < (size + 3) / 4; i++) {
        word = *reg(RX_DATA);
        if (i < sizeof frame / sizeof frame[0])
            frame[i] = word;
    }
    if (status & RX_STATUS_ERROR || size < HEADER_SIZE + FCS_SIZE || size - FCS_SIZE > FRAME_MAX)
        return 0;
    return size - FCS_SIZE;
}

/* Whoever does not know the device's address yet asks everybody. */
static bool is_for_us(const uint8_t *to)
{
    static const uint8_t everybody[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

    return memcmp(to, own, sizeof own) == 0 || memcmp(to, everybody, sizeof everybody) == 0;
}

size_t pawl_ethernet_receive(uint8_t payload[PAWL_ETHERNET_PAYLOAD_MAX])
{
    const uint8_t *bytes = (const uint8_t *)frame;

    while (*reg(RX_FIFO_INF) >> 16 & 0xff) {
        size_t size = frame_take();
        if (size == 0 || !is_for_us(bytes) ||
            memcmp(bytes + 12, ether_type, sizeof ether_type) != 0)
            continue;
        memcpy(peer, bytes + 6, sizeof peer);
        memcpy(payload, bytes + HEADER_SIZE, size - HEADER_SIZE);
        return size - HEADER_SIZE;
    }
    return 0;
}

void pawl_ethernet_send(const uint8_t *payload, size_t size)
{
    uint8_t *bytes = (uint8_t *)frame;
    size_t total = HEADER_SIZE + size;

    if (size > PAWL_ETHERNET_PAYLOAD_MAX)
        return;
    memcpy(bytes, peer, sizeof peer);
    memcpy(bytes + 6, own, sizeof own);
    memcpy(bytes + 12, ether_type, sizeof ether_type);
    memcpy(bytes + HEADER_SIZE, payload, size);
    if (total < FRAME_MIN) {
        memset(bytes + total, 0, FRAME_MIN - total);
        total = FRAME_MIN;
    }
    *reg(TX_DATA) = TX_FIRST_LAST | (uint32_t)total;
    *reg(TX_DATA) = (uint32_t)total;
    for (size_t i = 0; i < (total + 3) / 4; i++)
        *reg(TX_DATA) = frame[i];
    while (*reg(TX_FIFO_INF) >> 16 & 0xff)
        (void)*reg(TX_STATUS);
}

void pawl_ethernet_watch(void)
{
    *reg(INT_STS) = RX_LEVEL_INT;
    NVIC_ISER(AN505_ETHERNET_IRQ / 32) = 1u << AN505_ETHERNET_IRQ % 32;
}
