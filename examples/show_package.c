/* Prints what a package says about itself. Nothing is verified: that takes a device's PUD. */
#include <inttypes.h>
#include <pawl/package.h>
#include <stdio.h>

int main(int argc, char **argv)
{
    static uint8_t bytes[PAWL_PREAMBLE_SIZE_MAX];
    struct pawl_package package;
    struct pawl_manifest manifest;
    FILE *file = argc == 2 ? fopen(argv[1], "rb") : NULL;

    if (file == NULL)
        return 2;
    size_t size = fread(bytes, 1, sizeof bytes, file);
    fclose(file);

    enum pawl_result result = pawl_package_read(bytes, size, &package);
    if (result == PAWL_OK)
        result = pawl_manifest_read(package.signed_manifest.payload,
                                    package.signed_manifest.payload_size, &manifest);
    if (result != PAWL_OK) {
        fprintf(stderr, "%s: %s\n", argv[1], pawl_result_name(result));
        return 1;
    }
    printf("%.*s %.*s, %" PRIu64 " bytes\n", (int)manifest.name.size, manifest.name.bytes,
           (int)manifest.version.size, manifest.version.bytes, manifest.image_size);
    return 0;
}
