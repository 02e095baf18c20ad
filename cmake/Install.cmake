# `cmake --install`: the program, the libraries with their headers (find_package(mirst)), and the configs.
include(CMakePackageConfigHelpers)
set(package_folder "${CMAKE_INSTALL_LIBDIR}/cmake/mirst")
get_property(modules GLOBAL PROPERTY MIRST_MODULES)
install(TARGETS ${modules} EXPORT mirst-targets
        ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR}
        FILE_SET HEADERS DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/mirst)
install(TARGETS mirst RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(DIRECTORY configs/ DESTINATION ${CMAKE_INSTALL_DATADIR}/mirst/configs)
install(EXPORT mirst-targets NAMESPACE mirst:: DESTINATION "${package_folder}")
configure_file(cmake/mirst-config.cmake.in "${PROJECT_BINARY_DIR}/mirst-config.cmake" @ONLY)
write_basic_package_version_file("${PROJECT_BINARY_DIR}/mirst-config-version.cmake" COMPATIBILITY SameMinorVersion)
install(FILES "${PROJECT_BINARY_DIR}/mirst-config.cmake" "${PROJECT_BINARY_DIR}/mirst-config-version.cmake"
              cmake/Dependencies.cmake DESTINATION "${package_folder}")
