/* Stops one thread of a process, found by its name, until standard input ends: a thread that hangs.
 * Prints "frozen" when it stands. Exit status 3: tracing is not allowed here.
 *
 * usage: freeze PID THREAD */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

/* The thread's id; 0 when there is none of that name. */
static pid_t thread_find(const char *process, const char *name)
{
    char path[64], file[512], line[32];
    pid_t found = 0;
    snprintf(path, sizeof path, "/proc/%.20s/task", process);
    DIR *directory = opendir(path);
    const struct dirent *entry;
    while (directory != NULL && found == 0 && (entry = readdir(directory)) != NULL) {
        snprintf(file, sizeof file, "%s/%s/comm", path, entry->d_name);
        FILE *comm = fopen(file, "re");
        if (comm != NULL && fgets(line, sizeof line, comm) != NULL) {
            line[strcspn(line, "\n")] = '\0';
            if (strcmp(line, name) == 0)
                found = (pid_t)atoi(entry->d_name);
        }
        if (comm != NULL)
            fclose(comm);
    }
    if (directory != NULL)
        closedir(directory);
    return found;
}

int main(int argc, char **argv)
{
    pid_t thread = argc == 3 ? thread_find(argv[1], argv[2]) : 0;
    if (thread == 0) {
        fprintf(stderr, "freeze: there is no such thread\n");
        return 2;
    }
    if (ptrace(PTRACE_SEIZE, thread, NULL, NULL) != 0 ||
        ptrace(PTRACE_INTERRUPT, thread, NULL, NULL) != 0 || waitpid(thread, NULL, __WALL) < 0) {
        fprintf(stderr, "freeze: %s\n", strerror(errno));
        return 3;
    }
    puts("frozen");
    fflush(stdout);
    while (getchar() != EOF)
        ;
    return ptrace(PTRACE_DETACH, thread, NULL, NULL) == 0 ? 0 : 1;
}
