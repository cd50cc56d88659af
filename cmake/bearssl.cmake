# BearSSL, of which the parts that src/crypto/bearssl.c needs: fetched from Debian's source package at
# build time, when something that needs it is built, and known by its digest. Never committed.
include(ExternalProject)

set(PAWL_BEARSSL_DIR ${CMAKE_BINARY_DIR}/third_party/bearssl)
set(PAWL_BEARSSL_FILES
    src/aead/gcm.c
    src/codec/ccopy.c src/codec/dec32be.c src/codec/enc32be.c src/codec/dec64be.c
    src/codec/enc64be.c
    src/ec/ec_p256_m31.c src/ec/ecdsa_i31_bits.c src/ec/ecdsa_i31_vrfy_raw.c src/ec/ec_secp256r1.c src/ec/ec_secp384r1.c src/ec/ec_secp521r1.c
    src/hash/dig_oid.c src/hash/ghash_ctmul32.c src/hash/sha1.c src/hash/sha2small.c
    src/int/i31_add.c src/int/i31_bitlen.c src/int/i31_decmod.c src/int/i31_decode.c
    src/int/i31_encode.c src/int/i31_fmont.c src/int/i31_iszero.c src/int/i31_modpow.c
    src/int/i31_montmul.c src/int/i31_muladd.c src/int/i31_ninv31.c src/int/i31_rshift.c
    src/int/i31_sub.c src/int/i31_tmont.c src/int/i32_div32.c
    src/symcipher/aes_common.c src/symcipher/aes_ct.c src/symcipher/aes_ct_cbcdec.c
    src/symcipher/aes_ct_cbcenc.c src/symcipher/aes_ct_ctr.c src/symcipher/aes_ct_dec.c
    src/symcipher/aes_ct_enc.c)
list(TRANSFORM PAWL_BEARSSL_FILES PREPEND ${PAWL_BEARSSL_DIR}/ OUTPUT_VARIABLE PAWL_BEARSSL_SOURCES)

ExternalProject_Add(bearssl_source
    URL http://deb.debian.org/debian/pool/main/b/bearssl/bearssl_0.6+dfsg.1.orig.tar.xz
    URL_HASH SHA256=102a625bd8f6155260867a50c508df8d8c3f796985dd744df1a68e5cd1a79004
    SOURCE_DIR ${PAWL_BEARSSL_DIR}
    DOWNLOAD_DIR ${CMAKE_BINARY_DIR}/third_party
    DOWNLOAD_EXTRACT_TIMESTAMP OFF
    CONFIGURE_COMMAND ""
    BUILD_COMMAND ${CMAKE_COMMAND} -E true
    INSTALL_COMMAND ""
    BUILD_BYPRODUCTS ${PAWL_BEARSSL_SOURCES}
    EXCLUDE_FROM_ALL ON)

# Not our code, and not under our warnings.
add_library(bearssl STATIC EXCLUDE_FROM_ALL ${PAWL_BEARSSL_SOURCES})
add_dependencies(bearssl bearssl_source)
target_include_directories(bearssl SYSTEM PUBLIC ${PAWL_BEARSSL_DIR}/inc
    PRIVATE ${PAWL_BEARSSL_DIR}/src)
target_compile_options(bearssl PRIVATE -w -fPIE -ffunction-sections -fdata-sections)
