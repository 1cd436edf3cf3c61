# A file as an array of C: cmake -DIN=FILE -DOUT=FILE -DNAME=name -DHEADER=name.h -P bytes.cmake
file(READ ${IN} bytes HEX)
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${bytes}")
string(REGEX REPLACE "(................................................................................)" "\\1\n" bytes "${bytes}")
# Loaders read whole words of it.
file(WRITE ${OUT} "#include \"${HEADER}\"\n\n_Alignas(8) const unsigned char ${NAME}[] = {\n${bytes}\n};\nconst size_t ${NAME}_len = sizeof ${NAME};\n")
