# A layer is a folder src/dummynet/NAME. Its sources become an object library, part of the library `dummynet`; its
# *_test.cpp become one test program NAME_test. Files are found by themselves; a layer without files is skipped.
#   ONLY, EXCEPT  which sources belong to it     LIBRARIES  what the layer links
#   HEADER_ONLY   libraries that leave nothing to link     SEPARATE  not part of the library `dummynet`
function(dummynet_layer name)
  cmake_parse_arguments(PARSE_ARGV 1 arg SEPARATE "" "ONLY;EXCEPT;LIBRARIES;HEADER_ONLY")
  set(folder "${PROJECT_SOURCE_DIR}/src/dummynet/${name}")
  file(GLOB sources CONFIGURE_DEPENDS "${folder}/*.cpp")
  set(tests ${sources})
  list(FILTER sources EXCLUDE REGEX "_test\\.cpp$")
  list(FILTER tests INCLUDE REGEX "_test\\.cpp$")
  if(arg_ONLY)
    set(wanted ${arg_ONLY})
    list(TRANSFORM wanted PREPEND "${folder}/")
    set(found "")
    foreach(source IN LISTS sources)
      if(source IN_LIST wanted)
        list(APPEND found "${source}")
      endif()
    endforeach()
    # The rest of the layer belongs to another program; its tests bring it along.
    set(untaken ${sources})
    list(REMOVE_ITEM untaken ${found} "${folder}/main.cpp")
    set(sources ${found})
  endif()
  if(arg_EXCEPT)
    list(TRANSFORM arg_EXCEPT PREPEND "${folder}/")
    list(REMOVE_ITEM sources ${arg_EXCEPT})
  endif()

  set(libraries dummynet_options ${arg_LIBRARIES} ${arg_HEADER_ONLY})
  if(sources)
    add_library(dummynet_layer_${name} OBJECT ${sources})
    target_include_directories(dummynet_layer_${name} PUBLIC "${PROJECT_SOURCE_DIR}/src")
    target_link_libraries(dummynet_layer_${name} PRIVATE ${libraries})
    if(NOT arg_SEPARATE)
      set_target_properties(dummynet_layer_${name} PROPERTIES POSITION_INDEPENDENT_CODE ON)
      target_sources(dummynet PRIVATE $<TARGET_OBJECTS:dummynet_layer_${name}>)
      target_link_libraries(dummynet PRIVATE ${arg_LIBRARIES})
    endif()
  endif()
  if(tests AND DUMMYNET_TESTS)
    if(arg_SEPARATE AND sources)
      list(APPEND libraries dummynet_layer_${name})
    endif()
    dummynet_test(${name}_test LABEL ${name} SOURCES ${tests} ${untaken} LIBRARIES ${libraries})
  endif()
endfunction()

# One gtest program; each of its tests is a ctest test with the given label.
function(dummynet_test target)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "LABEL" "SOURCES;LIBRARIES")
  add_executable(${target} ${arg_SOURCES})
  target_include_directories(${target} PRIVATE "${PROJECT_SOURCE_DIR}/tests")
  target_compile_definitions(${target} PRIVATE DUMMYNET_BIN_DIR="${DUMMYNET_BIN_DIR}"
    DUMMYNET_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
  target_link_libraries(${target} PRIVATE ${arg_LIBRARIES} $<TARGET_NAME_IF_EXISTS:dummynet_test_support>
    dummynet::dummynet dummynet_options GTest::gmock GTest::gtest_main)
  set_target_properties(${target} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/tests")
  # Listed when ctest runs, not when the program is linked: a crash while listing must not break the build.
  gtest_discover_tests(${target} DISCOVERY_MODE PRE_TEST DISCOVERY_TIMEOUT 60
    PROPERTIES TIMEOUT 120 LABELS ${arg_LABEL})
endfunction()
