# What others get: public headers, the library with its CMake package, the command, the warden, the man page.
include(CMakePackageConfigHelpers)

# Public is what this list names (and what those headers need); everything else may change tomorrow.
set(public_headers
  core/command.hpp core/error.hpp core/host_shell.hpp core/monitor.hpp core/poller.hpp core/process.hpp
  core/process_handle.hpp core/ready.hpp core/run_info.hpp core/run_options.hpp core/warden.hpp
  net/cgroup.hpp net/cut_room.hpp net/dummy_net.hpp net/ip.hpp net/link_info.hpp net/namespace_shell.hpp net/tc.hpp
  net/network.hpp net/network_plan.hpp net/presets.hpp net/topology.hpp
  os/fd.hpp
  wire/counters.hpp wire/delivery_trace_text.hpp wire/impairment.hpp wire/impairment_check.hpp wire/kernel_link.hpp
  wire/link_engine.hpp wire/pipeline.hpp)
list(TRANSFORM public_headers PREPEND "${PROJECT_SOURCE_DIR}/src/dummynet/")
target_sources(dummynet PUBLIC FILE_SET HEADERS BASE_DIRS "${PROJECT_SOURCE_DIR}/src" FILES ${public_headers})
set_target_properties(dummynet PROPERTIES VERIFY_INTERFACE_HEADER_SETS ON)

# Needs GoogleTest, which the library itself does not: for those who include it.
install(FILES src/dummynet/testing/network_test.hpp DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}/dummynet/testing")

set(package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/dummynet")
install(TARGETS dummynet EXPORT dummynet FILE_SET HEADERS)
install(EXPORT dummynet FILE dummynetTargets.cmake NAMESPACE dummynet:: DESTINATION "${package_dir}")
configure_package_config_file(cmake/dummynetConfig.cmake.in "${PROJECT_BINARY_DIR}/dummynetConfig.cmake"
  INSTALL_DESTINATION "${package_dir}" PATH_VARS CMAKE_INSTALL_BINDIR NO_SET_AND_CHECK_MACRO)
write_basic_package_version_file("${PROJECT_BINARY_DIR}/dummynetConfigVersion.cmake" COMPATIBILITY SameMinorVersion)
install(FILES "${PROJECT_BINARY_DIR}/dummynetConfig.cmake" "${PROJECT_BINARY_DIR}/dummynetConfigVersion.cmake"
  cmake/dependencies.cmake cmake/scenario_test.cmake DESTINATION "${package_dir}")

if(TARGET dummynet-cli)
  if(BUILD_SHARED_LIBS)
    set_target_properties(dummynet-cli PROPERTIES INSTALL_RPATH "$ORIGIN/../${CMAKE_INSTALL_LIBDIR}")
  endif()
  install(TARGETS dummynet-cli RUNTIME)
endif()
if(TARGET dummynet-warden)
  install(TARGETS dummynet-warden RUNTIME DESTINATION "${CMAKE_INSTALL_LIBEXECDIR}/dummynet")
endif()
if(EXISTS "${PROJECT_SOURCE_DIR}/docs/dummynet.1")
  install(FILES docs/dummynet.1 DESTINATION "${CMAKE_INSTALL_MANDIR}/man1")
endif()
