# What `make install` installs beside the programs: headers, libpawl.a (the host side) and
# libpawl-device.a (core, processor and port/common, compiled freestanding), each with a pkg-config file.

add_library(pawl_host_side STATIC
    $<TARGET_OBJECTS:pawl_core> $<TARGET_OBJECTS:pawl_crypto_openssl>
    $<TARGET_OBJECTS:pawl_host> $<TARGET_OBJECTS:pawl_headend>)
set_target_properties(pawl_host_side PROPERTIES OUTPUT_NAME pawl LINKER_LANGUAGE C)

add_library(pawl_device_side STATIC
    $<TARGET_OBJECTS:pawl_core_freestanding> $<TARGET_OBJECTS:pawl_processor_freestanding>
    $<TARGET_OBJECTS:pawl_port_common_freestanding>)
set_target_properties(pawl_device_side PROPERTIES OUTPUT_NAME pawl-device LINKER_LANGUAGE C)

# The files find their prefix from where they are, so that an installed tree may be moved.
file(RELATIVE_PATH PAWL_PC_PREFIX /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
configure_file(cmake/pawl.pc.in generated/pawl.pc @ONLY)
configure_file(cmake/pawl-device.pc.in generated/pawl-device.pc @ONLY)

install(TARGETS pawl_host_side pawl_device_side ARCHIVE)
install(DIRECTORY include/pawl TYPE INCLUDE FILES_MATCHING PATTERN "*.h")
install(FILES ${CMAKE_BINARY_DIR}/generated/pawl/version.h
        DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/pawl)
install(FILES ${CMAKE_BINARY_DIR}/generated/pawl.pc ${CMAKE_BINARY_DIR}/generated/pawl-device.pc
        DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
install(FILES LICENSE README.md SPEC.md DESIGN.md SECURITY.md CHANGELOG.md
        docs/openapi.json TYPE DOC)
add_dependencies(tests pawl_host_side pawl_device_side)
