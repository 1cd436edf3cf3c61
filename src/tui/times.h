/* What the times in ladder, packets and stream count from: one choice for all three. */
#ifndef TUI_TIMES_H
#define TUI_TIMES_H

enum times {
	TIMES_RELATIVE, /* the first packet */
	TIMES_DELTA,    /* the row before */
	TIMES_CLOCK,    /* of the day */
	TIMES,
};

#endif
