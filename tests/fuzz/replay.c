/* A plain main() for a fuzz target: the files named are given to it one by one.
 *
 * So every ordinary test run, with any compiler, feeds the target the captures
 * and whatever once broke it. Each input lies in a block of exactly its size,
 * where the address sanitizer sees a read one byte too far.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int replay(const char *path)
{
	FILE *file = fopen(path, "rb");
	if (!file) {
		perror(path);
		return -1;
	}
	int result = -1;
	uint8_t *bytes = NULL;
	if (fseek(file, 0, SEEK_END) == 0) {
		long size = ftell(file);
		bytes = size >= 0 ? malloc(size ? (size_t)size : 1) : NULL;
		rewind(file);
		if (bytes && fread(bytes, 1, (size_t)size, file) == (size_t)size) {
			LLVMFuzzerTestOneInput(bytes, (size_t)size);
			result = 0;
		}
	}
	if (result)
		fprintf(stderr, "%s: cannot be read\n", path);
	free(bytes);
	fclose(file);
	return result;
}

int main(int argc, char **argv)
{
	int failed = argc < 2;
	for (int i = 1; i < argc; i++)
		failed |= replay(argv[i]) != 0;
	printf("%d inputs replayed\n", argc - 1);
	return failed;
}
