/* Runs a program under a list of the system calls that it may use, as a unit's SystemCallFilter=
 * does: all others answer EPERM. Names that this machine does not have are passed over.
 *
 * usage: syscall_jail LIST PROGRAM ARGUMENT... */
#include <errno.h>
#include <seccomp.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    char name[64];
    unsigned count = 0;
    FILE *list = argc > 2 ? fopen(argv[1], "re") : NULL;
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
    if (list == NULL || filter == NULL)
        return 125;
    while (fgets(name, sizeof name, list) != NULL) {
        name[strcspn(name, "\n")] = '\0';
        int number = seccomp_syscall_resolve_name(name);
        if (number != __NR_SCMP_ERROR && seccomp_rule_add(filter, SCMP_ACT_ALLOW, number, 0) == 0)
            count++;
    }
    fclose(list);
    if (count < 100 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || seccomp_load(filter) != 0) {
        fprintf(stderr, "syscall_jail: no filter of %u calls\n", count);
        return 125;
    }
    execv(argv[2], argv + 2);
    fprintf(stderr, "syscall_jail: %s: %s\n", argv[2], strerror(errno));
    return 126;
}
