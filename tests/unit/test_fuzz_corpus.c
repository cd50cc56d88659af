/* Runs a fuzzer's kept inputs again without its engine: what was once found stays mended (I1 to I4,
 * I9). */
#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define INPUT_MAX 65536u

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static int run(const char *directory, const char *name)
{
    static uint8_t bytes[INPUT_MAX];
    char path[4096];

    snprintf(path, sizeof path, "%s/%s", directory, name);
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        fprintf(stderr, "%s: %s\n", path, strerror(errno));
        return 1;
    }
    size_t size = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    fprintf(stderr, "%s\n", name); /* the last one is the one that failed */
    return LLVMFuzzerTestOneInput(bytes, size);
}

int main(int argc, char **argv)
{
    unsigned count = 0;
    struct dirent *entry;
    DIR *directory = argc == 2 ? opendir(argv[1]) : NULL;

    if (directory == NULL) {
        fprintf(stderr, "usage: test_fuzz_corpus DIRECTORY\n");
        return 2;
    }
    while ((entry = readdir(directory)) != NULL) {
        if (entry->d_name[0] == '.')
            continue;
        if (run(argv[1], entry->d_name) != 0)
            return 1;
        count++;
    }
    closedir(directory);
    printf("%u inputs\n", count);
    return count > 0 ? 0 : 1;
}
