/* GET /v1/packages/ID: packages as devices and caches fetch them (SPEC 12). */
#ifndef PAWL_SERVER_PACKAGES_API_H
#define PAWL_SERVER_PACKAGES_API_H

#include "server/http.h"

extern const struct pawl_handler pawl_package_fetch_handler;

#endif
