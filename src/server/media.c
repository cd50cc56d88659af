#include "server/media.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

/* Skips `word`, in any case, and the space around it. */
static bool word_skip(const char **text, const char *word)
{
    size_t size = strlen(word);
    *text += strspn(*text, " \t");
    if (strncasecmp(*text, word, size) != 0)
        return false;
    *text += size;
    *text += strspn(*text, " \t");
    return true;
}

bool pawl_media_is_mac0(const char *text)
{
    if (text == NULL)
        return false;
    if (strcmp(text, PAWL_MEDIA_MAC0) == 0)
        return true;
    if (!word_skip(&text, "application/cose") || !word_skip(&text, ";") ||
        !word_skip(&text, "cose-type="))
        return false;
    bool quoted = word_skip(&text, "\"");
    return word_skip(&text, "cose-mac0") && (!quoted || word_skip(&text, "\"")) && *text == '\0';
}

bool pawl_media_is_json(const char *text)
{
    return text != NULL && word_skip(&text, PAWL_MEDIA_JSON) && (*text == '\0' || *text == ';');
}
