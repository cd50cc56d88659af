#include "host/secret.h"

#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "pawl/secret.h"

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

enum pawl_result pawl_process_harden(void)
{
    const struct rlimit none = {0, 0};

    umask(S_IRWXG | S_IRWXO);
    if (setrlimit(RLIMIT_CORE, &none) != 0)
        return PAWL_IO;
    if (!SANITIZED && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
        return PAWL_IO;
    return PAWL_OK;
}

enum pawl_result pawl_memory_lock(void)
{
    if (SANITIZED) /* terabytes of shadow memory */
        return PAWL_OK;
    return mlockall(MCL_CURRENT | MCL_FUTURE) == 0 ? PAWL_OK : PAWL_EXHAUSTED;
}

void *pawl_secret_alloc(size_t size)
{
    void *secret = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (secret == MAP_FAILED)
        return NULL;
    if (madvise(secret, size, MADV_DONTDUMP) != 0 || madvise(secret, size, MADV_DONTFORK) != 0) {
        munmap(secret, size);
        return NULL;
    }
    /* Best effort: the limit is small for ordinary users, and swap may not exist at all. */
    (void)mlock(secret, size);
    return secret;
}

void pawl_secret_free(void *secret, size_t size)
{
    if (secret == NULL)
        return;
    pawl_wipe(secret, size);
    munmap(secret, size);
}
