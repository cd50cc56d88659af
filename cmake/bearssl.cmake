# BearSSL, of which the parts that src/crypto/bearssl.c needs: fetched from Debian's source package
# when something that needs it is built, one copy for all builds, and known by its digest.
set(PAWL_BEARSSL_DIR ${CMAKE_SOURCE_DIR}/build-sources/bearssl)
set(PAWL_BEARSSL_FILES
    src/aead/gcm.c
    src/codec/ccopy.c src/codec/dec32be.c src/codec/enc32be.c src/codec/dec64be.c
    src/codec/enc64be.c
    src/ec/ec_prime_i31.c src/ec/ecdsa_i31_bits.c src/ec/ecdsa_i31_vrfy_raw.c
    src/ec/ec_secp256r1.c src/ec/ec_secp384r1.c src/ec/ec_secp521r1.c
    src/hash/dig_oid.c src/hash/ghash_ctmul32.c src/hash/sha1.c src/hash/sha2small.c
    src/int/i31_add.c src/int/i31_bitlen.c src/int/i31_decmod.c src/int/i31_decode.c
    src/int/i31_encode.c src/int/i31_fmont.c src/int/i31_iszero.c src/int/i31_modpow.c
    src/int/i31_montmul.c src/int/i31_muladd.c src/int/i31_ninv31.c src/int/i31_rshift.c
    src/int/i31_sub.c src/int/i31_tmont.c src/int/i32_div32.c
    src/symcipher/aes_common.c src/symcipher/aes_ct.c src/symcipher/aes_ct_cbcdec.c
    src/symcipher/aes_ct_ctr.c src/symcipher/aes_ct_dec.c
    src/symcipher/aes_ct_enc.c)
list(TRANSFORM PAWL_BEARSSL_FILES PREPEND ${PAWL_BEARSSL_DIR}/ OUTPUT_VARIABLE PAWL_BEARSSL_SOURCES)

add_custom_command(
    OUTPUT ${PAWL_BEARSSL_SOURCES}
    COMMAND ${CMAKE_SOURCE_DIR}/scripts/debian_source.sh
        bearssl bearssl_0.6+dfsg.1.orig.tar.xz
        102a625bd8f6155260867a50c508df8d8c3f796985dd744df1a68e5cd1a79004 ${PAWL_BEARSSL_DIR}
    COMMENT "Fetching the source of BearSSL"
    VERBATIM)

# Not our code, and not under our warnings.
add_library(bearssl STATIC EXCLUDE_FROM_ALL ${PAWL_BEARSSL_SOURCES})
target_include_directories(bearssl SYSTEM PUBLIC ${PAWL_BEARSSL_DIR}/inc
    PRIVATE ${PAWL_BEARSSL_DIR}/src)
target_compile_options(bearssl PRIVATE -w -include ${CMAKE_SOURCE_DIR}/src/crypto/bearssl_sizes.h
    -ffunction-sections -fdata-sections
    $<$<NOT:$<BOOL:${PAWL_FIRMWARE}>>:-fPIE>)
