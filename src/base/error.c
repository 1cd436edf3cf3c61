/* Errors of set-up.
 *
 * Formats the one sentence and hands the number back. Does not print: main.c
 * does that.
 */
#include "sockeye/error.h"

#include <stdarg.h>
#include <stdio.h>

int error_set(struct error *e, int errnum, const char *format, ...)
{
	if (e) {
		va_list args;

		va_start(args, format);
		(void)vsnprintf(e->text, sizeof e->text, format, args);
		va_end(args);
	}
	return errnum < 0 ? errnum : -errnum;
}
