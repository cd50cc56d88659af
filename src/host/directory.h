/* The names in a directory. */
#ifndef PAWL_HOST_DIRECTORY_H
#define PAWL_HOST_DIRECTORY_H

/* Told each name but "." and "..", and the directory's descriptor: it may remove the name. */
typedef void (*pawl_name_fn)(void *context, int directory, const char *name);

/* Visits the names in directory `path`, taken from directory `at`; a link is not followed. None
 * when it cannot be opened. */
void pawl_directory_visit(int at, const char *path, pawl_name_fn visit, void *context);

#endif
