# Every library that we take from the system, by pkg-config. packages/build.txt names the packages.
find_package(PkgConfig REQUIRED)

pkg_check_modules(OPENSSL REQUIRED IMPORTED_TARGET libcrypto>=3)
pkg_check_modules(MICROHTTPD REQUIRED IMPORTED_TARGET libmicrohttpd>=0.9.75)
pkg_check_modules(GNUTLS REQUIRED IMPORTED_TARGET gnutls>=3.7)
pkg_check_modules(SQLITE REQUIRED IMPORTED_TARGET sqlite3>=3.37)
pkg_check_modules(MOSQUITTO REQUIRED IMPORTED_TARGET libmosquitto>=2.0)
if(NOT PAWL_FUZZ)
    pkg_check_modules(TPM REQUIRED IMPORTED_TARGET tss2-esys>=3)
    pkg_check_modules(OPENSSL_TLS REQUIRED IMPORTED_TARGET libssl>=3) # the load generator
endif()
pkg_check_modules(CURL REQUIRED IMPORTED_TARGET libcurl>=7.87)
pkg_check_modules(SECCOMP REQUIRED IMPORTED_TARGET libseccomp>=2.5)
pkg_check_modules(JANSSON REQUIRED IMPORTED_TARGET jansson>=2.13)
pkg_check_modules(P11KIT REQUIRED IMPORTED_TARGET p11-kit-1>=0.23)
pkg_check_modules(INIH REQUIRED IMPORTED_TARGET inih)

# Without it programs build and there are no tests (packages/test.txt).
pkg_check_modules(CMOCKA IMPORTED_TARGET cmocka>=1.1)

find_package(Threads REQUIRED)
