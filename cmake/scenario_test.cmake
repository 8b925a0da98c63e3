# dummynet_add_scenario_test(NAME FILE [TIMEOUT seconds] [LABELS label...] [ENVIRONMENT NAME=value...] [REQUIRED])
#
# Registers a scenario file as a test of CTest: it passes when `dummynet run FILE` does. Where the machine cannot run
# scenarios at all (exit code 3) the test counts as skipped, with the reason in its output; with REQUIRED it fails.
#   TIMEOUT      of CTest, default 300; give the scenario a `timeout` of its own below that: it then ends with a verdict
#   LABELS       for ctest -L; "scenario" is always one of them
#   ENVIRONMENT  for all its processes, as NAME=value
# A relative FILE is looked for beside the CMakeLists.txt that calls. Tests may run in parallel.
function(dummynet_add_scenario_test name file)
  cmake_parse_arguments(PARSE_ARGV 2 arg "REQUIRED" "TIMEOUT" "LABELS;ENVIRONMENT")
  if(arg_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "dummynet_add_scenario_test(${name}): no such argument: ${arg_UNPARSED_ARGUMENTS}")
  endif()
  cmake_path(ABSOLUTE_PATH file BASE_DIRECTORY "${CMAKE_CURRENT_SOURCE_DIR}" NORMALIZE)
  if(NOT EXISTS "${file}")
    message(FATAL_ERROR "dummynet_add_scenario_test(${name}): there is no file ${file}")
  endif()
  if(TARGET dummynet-cli)
    set(command "$<TARGET_FILE:dummynet-cli>")
  else()
    set(command "${dummynet_COMMAND}")
  endif()
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 300)
  endif()
  add_test(NAME "${name}" COMMAND "${command}" run "${file}")
  set_tests_properties("${name}" PROPERTIES TIMEOUT "${arg_TIMEOUT}" LABELS "scenario;${arg_LABELS}"
    ENVIRONMENT "${arg_ENVIRONMENT}")
  if(NOT arg_REQUIRED)
    set_tests_properties("${name}" PROPERTIES SKIP_RETURN_CODE 3)
  endif()
endfunction()
