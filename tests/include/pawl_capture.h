/* What a function prints on stderr or stdout, as a string. */
#ifndef PAWL_CAPTURE_H
#define PAWL_CAPTURE_H

#include <stddef.h>
#include <stdio.h>
#include <unistd.h>

#include "pawl_test.h"

struct pawl_capture {
    int stream; /* STDERR_FILENO or STDOUT_FILENO */
    int saved;
    FILE *file;
};

static inline void capture_start(struct pawl_capture *capture, int stream)
{
    fflush(stdout);
    fflush(stderr);
    capture->stream = stream;
    capture->saved = dup(stream);
    capture->file = tmpfile();
    assert_true(capture->saved >= 0);
    assert_non_null(capture->file);
    assert_true(dup2(fileno(capture->file), stream) >= 0);
}

/* Ends it; what was printed is in `text`, cut at its size and terminated. */
static inline void capture_end(struct pawl_capture *capture, char *text, size_t size)
{
    fflush(stdout);
    fflush(stderr);
    dup2(capture->saved, capture->stream);
    close(capture->saved);
    rewind(capture->file);
    text[fread(text, 1, size - 1, capture->file)] = '\0';
    fclose(capture->file);
}

#endif
