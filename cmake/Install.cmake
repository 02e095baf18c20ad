# `cmake --install`: the program, the libraries with their headers, and the configs.
get_property(modules GLOBAL PROPERTY MIRST_MODULES)
install(TARGETS ${modules} EXPORT mirst-targets
        ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR}
        FILE_SET HEADERS DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/mirst)
install(TARGETS mirst RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(DIRECTORY configs/ DESTINATION ${CMAKE_INSTALL_DATADIR}/mirst/configs)
install(EXPORT mirst-targets NAMESPACE mirst:: DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/mirst)
