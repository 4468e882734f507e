# `cmake --install` puts the program, the public headers and the libraries behind them in place, so that another project can say
# find_package(soak) and link soak::soak (tests/install has one that does). Only the rooms that include/soak needs are installed.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

add_library(soak_api INTERFACE)
set_target_properties(soak_api PROPERTIES EXPORT_NAME soak)
target_link_libraries(soak_api INTERFACE soak_apply)

install(TARGETS soak RUNTIME)
install(DIRECTORY ${CMAKE_SOURCE_DIR}/include/soak TYPE INCLUDE)
install(TARGETS soak_api soak_options soak_base soak_params soak_journal soak_guards soak_apply EXPORT soak-targets ARCHIVE)
set(SOAK_PACKAGE_FOLDER ${CMAKE_INSTALL_LIBDIR}/cmake/soak)
install(EXPORT soak-targets NAMESPACE soak:: DESTINATION ${SOAK_PACKAGE_FOLDER})
configure_package_config_file(${CMAKE_SOURCE_DIR}/cmake/soak-config.cmake.in ${CMAKE_BINARY_DIR}/soak-config.cmake
                              INSTALL_DESTINATION ${SOAK_PACKAGE_FOLDER})
write_basic_package_version_file(${CMAKE_BINARY_DIR}/soak-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_BINARY_DIR}/soak-config.cmake ${CMAKE_BINARY_DIR}/soak-config-version.cmake DESTINATION ${SOAK_PACKAGE_FOLDER})
