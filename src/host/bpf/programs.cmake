# BPF programs and what loads them, in the room host. Without clang for BPF, or without libbpf, none.c says so.
# Included, for a file that is made belongs to the directory of its target.
set(bpf ${CMAKE_CURRENT_LIST_DIR})
target_include_directories(host PRIVATE ${bpf} ${CMAKE_CURRENT_SOURCE_DIR})
target_sources(host PRIVATE ${bpf}/holders.c ${bpf}/ring_events.c ${bpf}/way.c)
if(NOT SOCKEYE_BPF_READY)
  target_sources(host PRIVATE ${bpf}/none.c)
  return()
endif()

set(object ${CMAKE_CURRENT_BINARY_DIR}/programs.bpf.o)
set(bytes ${CMAKE_CURRENT_BINARY_DIR}/object.c)
# -g makes the types by which programs fit each kernel; what debuggers want is taken off again.
set(strip)
if(SOCKEYE_BPF_STRIP)
  set(strip COMMAND ${SOCKEYE_BPF_STRIP} -g ${object})
endif()
add_custom_command(OUTPUT ${bytes}
  COMMAND ${SOCKEYE_BPF_CLANG} ${SOCKEYE_BPF_FLAGS} -c ${bpf}/programs.bpf.c -o ${object}
  ${strip}
  COMMAND ${CMAKE_COMMAND} -DIN=${object} -DOUT=${bytes} -DNAME=witness_object -DHEADER=object.h
    -P ${CMAKE_SOURCE_DIR}/cmake/bytes.cmake
  DEPENDS ${bpf}/programs.bpf.c ${bpf}/holders_programs.h ${bpf}/sockets_programs.h ${bpf}/kernel.h ${bpf}/events.h
    ${CMAKE_SOURCE_DIR}/cmake/bytes.cmake
  COMMENT "Building BPF programs" VERBATIM)
target_sources(host PRIVATE ${bytes} ${bpf}/library.c ${bpf}/witness.c)
target_include_directories(host SYSTEM PRIVATE ${LIBBPF_INCLUDE_DIRS})
target_link_libraries(host PUBLIC ${CMAKE_DL_LIBS})
