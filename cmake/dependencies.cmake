# Shared by this build and by the installed package (dummynetConfig.cmake), which needs what a static library leaves open.
find_package(PkgConfig REQUIRED)
foreach(dummynet_module IN ITEMS libmnl libnftnl re2 yaml-cpp fmt)
  if(NOT TARGET PkgConfig::${dummynet_module})
    pkg_check_modules(${dummynet_module} REQUIRED IMPORTED_TARGET ${dummynet_module})
  endif()
endforeach()
unset(dummynet_module)
