# The warden: a separate, small, static program. It is embedded in the library, so that it is found wherever the library
# is, and installed beside the command. No sanitizer and no flag of ours for the rest may reach it: it runs as PID 1,
# starts children that share its memory, and its size is paid at each start.
function(dummynet_warden)
  set(folder "${PROJECT_SOURCE_DIR}/src/dummynet")
  set(image "${folder}/core/warden_image.cpp")
  file(GLOB sources CONFIGURE_DEPENDS "${folder}/warden/*.cpp" "${folder}/os/*.cpp")
  list(FILTER sources EXCLUDE REGEX "_test\\.cpp$")
  # The link engine is the same program by another name: all of wire but the owner's side. It is compiled for speed.
  file(GLOB engine_sources CONFIGURE_DEPENDS "${folder}/wire/*.cpp")
  list(FILTER engine_sources EXCLUDE REGEX "(_test|/link_engine|/engine_process|/kernel_[a-z]+)\\.cpp$")
  add_library(dummynet_engine_objects OBJECT ${engine_sources})
  target_include_directories(dummynet_engine_objects PRIVATE "${PROJECT_SOURCE_DIR}/src")
  target_compile_options(dummynet_engine_objects PRIVATE ${DUMMYNET_WARNINGS} -O2 -fno-sanitize=all -fno-pie
    -ffunction-sections -fdata-sections)
  set_target_properties(dummynet_engine_objects PROPERTIES POSITION_INDEPENDENT_CODE OFF)
  add_executable(dummynet-warden ${sources} $<TARGET_OBJECTS:dummynet_engine_objects>)
  target_include_directories(dummynet-warden PRIVATE "${PROJECT_SOURCE_DIR}/src")
  target_compile_options(dummynet-warden PRIVATE ${DUMMYNET_WARNINGS} -Os -fno-sanitize=all -fno-pie
    -ffunction-sections -fdata-sections)
  # --gc-sections also drops what only the owner uses of os, before the linker looks for the libraries behind it.
  target_link_options(dummynet-warden PRIVATE -static -no-pie -fno-sanitize=all -Wl,--gc-sections -s)
  set_target_properties(dummynet-warden PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${DUMMYNET_LIBEXEC_DIR}"
    POSITION_INDEPENDENT_CODE OFF)

  add_library(dummynet_warden_image OBJECT "${image}")
  add_dependencies(dummynet_warden_image dummynet-warden)
  target_include_directories(dummynet_warden_image PRIVATE "${PROJECT_SOURCE_DIR}/src")
  target_compile_definitions(dummynet_warden_image PRIVATE
    DUMMYNET_WARDEN_FILE="${DUMMYNET_LIBEXEC_DIR}/dummynet-warden")
  target_link_libraries(dummynet_warden_image PRIVATE dummynet_options)
  # .incbin is invisible to the compiler's dependency scan; and OBJECT_DEPENDS would be lost in a unity build.
  set_target_properties(dummynet_warden_image PROPERTIES POSITION_INDEPENDENT_CODE ON UNITY_BUILD OFF)
  set_source_files_properties("${image}" PROPERTIES OBJECT_DEPENDS "${DUMMYNET_LIBEXEC_DIR}/dummynet-warden")
  target_sources(dummynet PRIVATE $<TARGET_OBJECTS:dummynet_warden_image>)
endfunction()
