# The test `consumer`: installs this build into a folder of its own, moves that (nothing may remember where it was made),
# and builds and runs a program against it.
set(work "${BUILD_DIR}/tests/consumer")
file(REMOVE_RECURSE "${work}")

function(step)
  execute_process(COMMAND ${ARGV} RESULT_VARIABLE status OUTPUT_VARIABLE output ERROR_VARIABLE output)
  message("${output}")
  if(NOT status EQUAL 0)
    list(JOIN ARGV " " line)
    message(FATAL_ERROR "ended with ${status}: ${line}")
  endif()
endfunction()

step("${CMAKE_COMMAND}" --install "${BUILD_DIR}" --config "${CONFIG}" --prefix "${work}/first")
file(RENAME "${work}/first" "${work}/prefix")
set(flags "")
if(SANITIZE)
  set(flags "-fsanitize=${SANITIZE}")
endif()
step("${CMAKE_COMMAND}" -G "${GENERATOR}" -S "${CMAKE_CURRENT_LIST_DIR}" -B "${work}/build"
  "-DCMAKE_CXX_COMPILER=${CXX}" "-DCMAKE_PREFIX_PATH=${work}/prefix" "-DCMAKE_CXX_FLAGS=${flags}"
  -DCMAKE_BUILD_TYPE=Debug -DCMAKE_FIND_USE_PACKAGE_REGISTRY=OFF)
step("${CMAKE_COMMAND}" --build "${work}/build")
step("${work}/build/consumer")
step("${CMAKE_CTEST_COMMAND}" --test-dir "${work}/build" --output-on-failure --parallel 8 --no-tests=error)
# The same four times at once: they must not notice each other.
step("${CMAKE_CTEST_COMMAND}" --test-dir "${work}/build" --output-on-failure --parallel 8 --repeat until-fail:4)
step("${CMAKE_CTEST_COMMAND}" --test-dir "${work}/build" -L scenario -L smoke --no-tests=error)
execute_process(COMMAND "${work}/build/network_test" --gtest_filter=MustFail.WhenTheServerDies
  RESULT_VARIABLE status OUTPUT_VARIABLE output ERROR_VARIABLE output)
message("${output}")
if(status EQUAL 0 OR NOT output MATCHES "exited with 3" OR NOT output MATCHES "last words")
  message(FATAL_ERROR "a server's death went unnoticed, or without its last words")
endif()
foreach(installed IN ITEMS bin/dummynet libexec/dummynet/dummynet-warden)
  if(NOT EXISTS "${work}/prefix/${installed}")
    message(FATAL_ERROR "not installed: ${installed}")
  endif()
endforeach()
