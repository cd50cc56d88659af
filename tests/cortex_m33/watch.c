/*
 * A plugin of QEMU (TCG, API version 1) for the tests of the firmware. It cuts the power: ends the
 * process right after the n-th store into a range of memory, so that a file behind that memory
 * holds what was stored until then. And it notes which instructions are executed.
 *
 *   -plugin ./libm33_watch.so,lo=80000000,hi=81000000,n=17,count=FILE
 *   -plugin ./libm33_watch.so,code=10000000,size=80000,trace=FILE
 *
 * With n=0 nothing is cut. FILE exists: 8 bytes for the number of stores so far, or a byte for each
 * halfword of code, which becomes 1; both can be read, and written, at any time. QEMU's header for
 * plugins is not packaged: what is used of it is declared here, as its documentation has it.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define CUT_EXIT 137

typedef uint64_t qemu_plugin_id_t;
typedef uint32_t qemu_plugin_meminfo_t;
struct qemu_plugin_tb;
struct qemu_plugin_insn;
struct qemu_info;
enum qemu_plugin_cb_flags { QEMU_PLUGIN_CB_NO_REGS };
enum qemu_plugin_mem_rw { QEMU_PLUGIN_MEM_R = 1, QEMU_PLUGIN_MEM_W, QEMU_PLUGIN_MEM_RW };
typedef void (*translation_callback)(qemu_plugin_id_t id, struct qemu_plugin_tb *tb);
typedef void (*memory_callback)(unsigned cpu, qemu_plugin_meminfo_t info, uint64_t address,
                                void *data);

typedef void (*execution_callback)(unsigned cpu, void *data);

extern int qemu_plugin_version;
int qemu_plugin_version = 1;

void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t id, translation_callback callback);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t index);
void qemu_plugin_register_vcpu_mem_cb(struct qemu_plugin_insn *insn, memory_callback callback,
                                      enum qemu_plugin_cb_flags flags, enum qemu_plugin_mem_rw rw,
                                      void *data);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *insn);
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn,
                                            execution_callback callback,
                                            enum qemu_plugin_cb_flags flags, void *data);
bool qemu_plugin_mem_is_store(qemu_plugin_meminfo_t info);
int qemu_plugin_install(qemu_plugin_id_t id, const struct qemu_info *info, int argc, char **argv);

static uint64_t low, high, cut, stores;
static uint64_t *count; /* the file */
static uint64_t code, code_size;
static uint8_t *trace;

static void stored(unsigned cpu, qemu_plugin_meminfo_t info, uint64_t address, void *data)
{
    (void)cpu;
    (void)data;
    if (!qemu_plugin_mem_is_store(info) || address < low || address >= high)
        return;
    *count = ++stores;
    if (stores == cut)
        _exit(CUT_EXIT);
}

static void executed(unsigned cpu, void *data)
{
    (void)cpu;
    *(uint8_t *)data = 1;
}

static void instruction_watch(struct qemu_plugin_insn *insn)
{
    uint64_t at = qemu_plugin_insn_vaddr(insn) - code;

    if (count != NULL)
        qemu_plugin_register_vcpu_mem_cb(insn, stored, QEMU_PLUGIN_CB_NO_REGS, QEMU_PLUGIN_MEM_W,
                                         NULL);
    if (trace != NULL && at < code_size)
        qemu_plugin_register_vcpu_insn_exec_cb(insn, executed, QEMU_PLUGIN_CB_NO_REGS,
                                               trace + at / 2);
}

static void translated(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
    (void)id;
    for (size_t i = 0; i < qemu_plugin_tb_n_insns(tb); i++)
        instruction_watch(qemu_plugin_tb_get_insn(tb, i));
}

static void *file_map(const char *path, size_t size)
{
    int fd = open(path, O_RDWR | O_CLOEXEC);
    void *bytes = fd < 0 ? MAP_FAILED : mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

    if (fd >= 0)
        close(fd);
    return bytes == MAP_FAILED ? NULL : bytes;
}

static bool argument_take(const char *argument)
{
    if (strncmp(argument, "count=", 6) == 0)
        return (count = file_map(argument + 6, sizeof *count)) != NULL;
    if (strncmp(argument, "trace=", 6) == 0)
        return (trace = file_map(argument + 6, code_size / 2)) != NULL;
    return sscanf(argument, "lo=%" SCNx64, &low) == 1 ||
           sscanf(argument, "hi=%" SCNx64, &high) == 1 ||
           sscanf(argument, "code=%" SCNx64, &code) == 1 ||
           sscanf(argument, "size=%" SCNx64, &code_size) == 1 ||
           sscanf(argument, "n=%" SCNu64, &cut) == 1;
}

__attribute__((visibility("default"))) int qemu_plugin_install(qemu_plugin_id_t id,
                                                               const struct qemu_info *info,
                                                               int argc, char **argv)
{
    (void)info;
    for (int i = 0; i < argc; i++)
        if (!argument_take(argv[i]))
            return -1;
    if (count == NULL && trace == NULL)
        return -1;
    qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
    return 0;
}
