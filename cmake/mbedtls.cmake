# Mbed TLS, of which the PSA functions that src/crypto/psa.c needs (src/crypto/mbedtls_config.h): the
# implementation of the PSA Crypto API that the adapter is tested with, and for chips without their
# own. Fetched from Debian's source package when something that needs it is built.
set(PAWL_MBEDTLS_DIR ${CMAKE_SOURCE_DIR}/build-sources/mbedtls)
set(PAWL_MBEDTLS_FILES
    aes.c asn1parse.c asn1write.c bignum.c cipher.c cipher_wrap.c constant_time.c ecdsa.c ecp.c
    ecp_curves.c gcm.c memory_buffer_alloc.c platform.c platform_util.c psa_crypto.c
    psa_crypto_aead.c psa_crypto_cipher.c psa_crypto_client.c psa_crypto_driver_wrappers.c
    psa_crypto_ecp.c psa_crypto_hash.c psa_crypto_mac.c psa_crypto_slot_management.c sha1.c
    sha256.c)
list(TRANSFORM PAWL_MBEDTLS_FILES PREPEND ${PAWL_MBEDTLS_DIR}/library/
    OUTPUT_VARIABLE PAWL_MBEDTLS_SOURCES)

add_custom_command(
    OUTPUT ${PAWL_MBEDTLS_SOURCES}
    COMMAND ${CMAKE_SOURCE_DIR}/scripts/debian_source.sh
        mbedtls mbedtls_2.28.3.orig.tar.gz
        3b4953aa55a681e084d31892d9904cc5328d6b4958ea57b90ae4b4f94ae69a8d ${PAWL_MBEDTLS_DIR}
    COMMENT "Fetching the source of Mbed TLS"
    VERBATIM)

# Not our code, and not under our warnings; one file of it is.
add_library(mbedtls STATIC EXCLUDE_FROM_ALL
    ${PAWL_MBEDTLS_SOURCES} ${CMAKE_SOURCE_DIR}/src/crypto/mbedtls_platform.c)
set_source_files_properties(${PAWL_MBEDTLS_SOURCES} PROPERTIES COMPILE_OPTIONS -w)
set_source_files_properties(${CMAKE_SOURCE_DIR}/src/crypto/mbedtls_platform.c PROPERTIES
    COMPILE_OPTIONS $<TARGET_PROPERTY:pawl_warnings,INTERFACE_COMPILE_OPTIONS>)
target_include_directories(mbedtls SYSTEM PUBLIC ${PAWL_MBEDTLS_DIR}/include)
target_compile_definitions(mbedtls PUBLIC
    MBEDTLS_CONFIG_FILE="${CMAKE_SOURCE_DIR}/src/crypto/mbedtls_config.h")
target_compile_options(mbedtls PRIVATE -ffunction-sections -fdata-sections
    $<$<NOT:$<BOOL:${PAWL_FIRMWARE}>>:-fPIE>)
