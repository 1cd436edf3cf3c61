# Warnings, hardening, sanitizers: one interface library that every room links.
add_library(sockeye_flags INTERFACE)
target_include_directories(sockeye_flags INTERFACE ${CMAKE_SOURCE_DIR}/include)
target_compile_definitions(sockeye_flags INTERFACE _GNU_SOURCE)
target_compile_options(sockeye_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wformat=2 -Wvla
  -Wstrict-prototypes -Wmissing-prototypes -Werror=format-nonliteral
  -fno-strict-aliasing -fvisibility=hidden)
if(SOCKEYE_WERROR)
  target_compile_options(sockeye_flags INTERFACE -Werror)
endif()

# gcc clears and copies some hundred bytes with "rep stos" and "rep movs", which take longer to
# begin than all of it should: moves in a row for little, the library's function for more.
if(CMAKE_C_COMPILER_ID STREQUAL "GNU" AND CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  target_compile_options(sockeye_flags INTERFACE
    -mmemset-strategy=unrolled_loop:256:noalign,libcall:-1:noalign
    -mmemcpy-strategy=unrolled_loop:128:noalign,libcall:-1:noalign)
endif()

if(SOCKEYE_SANITIZE)
  target_compile_options(sockeye_flags INTERFACE -fsanitize=${SOCKEYE_SANITIZE} -fno-omit-frame-pointer
    -fno-sanitize-recover=all)
  target_link_options(sockeye_flags INTERFACE -fsanitize=${SOCKEYE_SANITIZE})
elseif(CMAKE_BUILD_TYPE MATCHES "Rel")
  # Hardened releases: bounds in libc calls, stack protector, full RELRO, PIE.
  target_compile_options(sockeye_flags INTERFACE -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2
    -fstack-protector-strong -fstack-clash-protection)
  target_link_options(sockeye_flags INTERFACE -Wl,-z,relro,-z,now -Wl,-z,noexecstack)
  if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
    target_compile_options(sockeye_flags INTERFACE -fcf-protection)
  endif()
endif()
# Releases are optimised across rooms: the direction of calls is held by the link lines all the same.
if(CMAKE_BUILD_TYPE STREQUAL "Release" AND NOT SOCKEYE_SANITIZE AND NOT SOCKEYE_FUZZ)
  include(CheckIPOSupported)
  check_ipo_supported(RESULT ipo OUTPUT why)
  set(CMAKE_INTERPROCEDURAL_OPTIMIZATION ${ipo})
endif()
if(CMAKE_INTERPROCEDURAL_OPTIMIZATION AND CMAKE_C_COMPILER_ID STREQUAL "GNU")
  # The tests are linked from the same objects without it: a hundred of them would take long.
  target_compile_options(sockeye_flags INTERFACE -ffat-lto-objects)
endif()
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
include(CheckPIESupported)
check_pie_supported()

# sockeye_room(NAME rooms-above...): every .c file beside this CMakeLists.txt.
function(sockeye_room name)
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.c)
  add_library(${name} STATIC ${sources})
  target_link_libraries(${name} PUBLIC sockeye_flags ${ARGN})
endfunction()
