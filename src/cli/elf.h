/* A look at an image that is said to be a Linux executable. */
#ifndef PAWL_CLI_ELF_H
#define PAWL_CLI_ELF_H

/* What a device can make of it. */
enum pawl_executable {
    PAWL_EXECUTABLE_STATIC = 0,  /* ELF that needs nothing else */
    PAWL_EXECUTABLE_DYNAMIC = 1, /* ELF with an interpreter: the device must offer its loader */
    PAWL_EXECUTABLE_SCRIPT = 2,  /* "#!" */
    PAWL_EXECUTABLE_NONE = 3,    /* the kernel would not run it */
};

/* Reads the file's headers, at most a few hundred bytes; the descriptor's offset stays. */
enum pawl_executable pawl_executable_tell(int fd);

#endif
