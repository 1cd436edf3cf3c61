# Libraries are found here, or CMake stops with the line that installs them.
find_package(Threads REQUIRED)
find_package(PkgConfig QUIET)

function(sockeye_library var module header lib package reason)
  if(PKG_CONFIG_FOUND)
    pkg_check_modules(${var} QUIET IMPORTED_TARGET ${module})
  endif()
  if(${var}_FOUND)
    set(${var}_TARGET PkgConfig::${var} PARENT_SCOPE)
    return()
  endif()
  find_path(${var}_INCLUDE ${header})
  find_library(${var}_LIBRARY ${lib})
  if(NOT ${var}_INCLUDE OR NOT ${var}_LIBRARY)
    message(FATAL_ERROR "sockeye needs ${lib} (${reason}).\n  Debian: apt install ${package}\n  ${ARGN}")
  endif()
  add_library(sockeye_${var} INTERFACE)
  target_include_directories(sockeye_${var} SYSTEM INTERFACE ${${var}_INCLUDE})
  target_link_libraries(sockeye_${var} INTERFACE ${${var}_LIBRARY})
  set(${var}_TARGET sockeye_${var} PARENT_SCOPE)
endfunction()

sockeye_library(UTF8PROC libutf8proc utf8proc.h utf8proc libutf8proc-dev
  "character widths and categories, the same in every locale")
if(SOCKEYE_LIVE)
  sockeye_library(PCAP libpcap pcap/pcap.h pcap libpcap-dev "live capture and BPF filters"
    "or build without: -DSOCKEYE_LIVE=OFF")
endif()
if(SOCKEYE_TUI)
  sockeye_library(CURSES ncursesw ncursesw/curses.h ncursesw libncurses-dev "the live view"
    "or build without: -DSOCKEYE_TUI=OFF")
endif()
if(SOCKEYE_TESTS)
  sockeye_library(CMOCKA cmocka cmocka.h cmocka libcmocka-dev "unit tests"
    "or build without: -DSOCKEYE_TESTS=OFF")
endif()

# Optional: without it the program says what it cannot do.
option(SOCKEYE_ZLIB "Read compressed IP payloads (zlib), where it is found" ON)
if(SOCKEYE_ZLIB)
  find_package(ZLIB QUIET)
endif()
if(NOT ZLIB_FOUND)
  message(STATUS "zlib: not used; compressed IP payloads (IPComp) are not read (Debian: apt install zlib1g-dev)")
endif()
