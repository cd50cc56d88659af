#include "launch.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define REQUEST_HEAD offsetof(struct pawl_launch_request, text)

static enum pawl_result text_add(struct pawl_launch_request *request, const struct pawl_text *text)
{
    if (text->size >= sizeof request->text - request->text_size)
        return PAWL_EXHAUSTED;
    memcpy(request->text + request->text_size, text->bytes, text->size);
    request->text_size += text->size;
    request->text[request->text_size++] = '\0';
    return PAWL_OK;
}

enum pawl_result pawl_launch_request_make(const struct pawl_manifest *manifest, uint32_t run,
                                          struct pawl_launch_request *request)
{
    *request = (struct pawl_launch_request){
        .type = PAWL_LAUNCH_RUN,
        .run = run,
        .kind = manifest->kind,
        .argument_count = manifest->argument_count,
        .network = manifest->profile == PAWL_PROFILE_NETWORK,
        .image_size = manifest->image_size,
    };
    enum pawl_result result = text_add(request, &manifest->name);
    if (result == PAWL_OK)
        result = text_add(request, &manifest->version);
    for (uint32_t i = 0; result == PAWL_OK && i < manifest->argument_count; i++)
        result = text_add(request, &manifest->arguments[i]);
    return result;
}

static enum pawl_result message_send(int socket, const struct iovec *part, int descriptor)
{
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(sizeof(int))];
    } control = {.bytes = {0}};
    struct iovec parts = *part;
    struct msghdr message = {.msg_iov = &parts, .msg_iovlen = 1};
    ssize_t sent;

    if (descriptor >= 0) {
        control.header.cmsg_level = SOL_SOCKET;
        control.header.cmsg_type = SCM_RIGHTS;
        control.header.cmsg_len = CMSG_LEN(sizeof(int));
        memcpy(CMSG_DATA(&control.header), &descriptor, sizeof descriptor);
        message.msg_control = control.bytes;
        message.msg_controllen = sizeof control.bytes;
    }
    do
        sent = sendmsg(socket, &message, MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    return sent == (ssize_t)part->iov_len ? PAWL_OK : PAWL_IO;
}

enum pawl_result pawl_launch_request_send(int socket, const struct pawl_launch_request *request,
                                          int image)
{
    struct iovec part = {(void *)(uintptr_t)request, REQUEST_HEAD + request->text_size};

    return message_send(socket, &part, image);
}

/* The descriptor that came along, or -1. */
static int descriptor_take(struct msghdr *message)
{
    struct cmsghdr *control = CMSG_FIRSTHDR(message);
    int descriptor = -1;

    if (control != NULL && control->cmsg_level == SOL_SOCKET && control->cmsg_type == SCM_RIGHTS &&
        control->cmsg_len == CMSG_LEN(sizeof(int)))
        memcpy(&descriptor, CMSG_DATA(control), sizeof descriptor);
    return descriptor;
}

enum pawl_result pawl_launch_request_receive(int socket, struct pawl_launch_request *request,
                                             int *image)
{
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(sizeof(int))];
    } control = {.bytes = {0}};
    struct iovec part = {request, sizeof *request};
    struct msghdr message = {
        .msg_iov = &part,
        .msg_iovlen = 1,
        .msg_control = control.bytes,
        .msg_controllen = sizeof control.bytes,
    };
    ssize_t size;

    do
        size = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
    while (size < 0 && errno == EINTR);
    if (size <= 0)
        return PAWL_IO;
    *image = descriptor_take(&message);
    if ((size_t)size < REQUEST_HEAD || request->text_size > sizeof request->text ||
        (size_t)size != REQUEST_HEAD + request->text_size ||
        request->argument_count > PAWL_ARGUMENT_MAX || request->network > 1) {
        if (*image >= 0)
            close(*image);
        return PAWL_MALFORMED;
    }
    return PAWL_OK;
}

enum pawl_result pawl_launch_note_send(int socket, const struct pawl_launch_note *note)
{
    struct iovec part = {(void *)(uintptr_t)note, sizeof *note};

    return message_send(socket, &part, -1);
}

enum pawl_result pawl_launch_note_receive(int socket, struct pawl_launch_note *note)
{
    ssize_t size;

    do
        size = recv(socket, note, sizeof *note, 0);
    while (size < 0 && errno == EINTR);
    if (size <= 0)
        return PAWL_IO;
    if (size != (ssize_t)sizeof *note)
        return PAWL_MALFORMED;
    note->step[sizeof note->step - 1] = '\0';
    return PAWL_OK;
}

const char *pawl_launch_text_next(const struct pawl_launch_request *request, size_t *offset)
{
    const char *text = request->text + *offset;
    size_t left = request->text_size - *offset;
    size_t length = strnlen(text, left);

    if (length == left)
        return NULL;
    *offset += length + 1;
    return text;
}
