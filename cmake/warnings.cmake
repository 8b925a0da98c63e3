# What all our own code is compiled with, except the warden (cmake/warden.cmake): the warnings and the sanitizers.
# Warnings become errors in our presets only (CMAKE_COMPILE_WARNING_AS_ERROR), never for those who build us.
set(DUMMYNET_WARNINGS -Wall -Wextra -Wpedantic -Wconversion -Wshadow)

# g++ 12 sees an uninitialised std::string in every moved std::optional<std::string> once it optimises: GCC bug 80635.
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  list(APPEND DUMMYNET_WARNINGS -Wno-maybe-uninitialized)
endif()

# Where several sources are compiled as one (CMAKE_UNITY_BUILD), these two judge what nobody wrote: a local name like a
# constant of the file before, a member whose type is in the unnamed namespace of what is no longer the main file.
if(CMAKE_UNITY_BUILD)
  list(APPEND DUMMYNET_WARNINGS -Wno-shadow -Wno-subobject-linkage)
endif()

add_library(dummynet_options INTERFACE)
target_compile_options(dummynet_options INTERFACE ${DUMMYNET_WARNINGS})
if(DUMMYNET_SANITIZE)
  # vptr: it looks at memory through a pipe, and calls every object bad when a test leaves no descriptor for one.
  target_compile_options(dummynet_options INTERFACE -fsanitize=${DUMMYNET_SANITIZE} -fno-sanitize=vptr
    -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(dummynet_options INTERFACE -fsanitize=${DUMMYNET_SANITIZE})
endif()
