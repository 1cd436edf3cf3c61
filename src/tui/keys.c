/* The key table, its names, and the key scripts of --keys.
 *
 * Only what works is listed. Two actions never share a key: a unit test walks
 * the table. Inside the filter prompt printable keys are text; look.c decides
 * that before it asks here.
 */
#include "keys.h"

#include <errno.h>
#include <string.h>

#include "sockeye/tui.h"

struct key_line keys_table[] = {
	{ACTION_HELP, IN_ALL, "help", "Other", "this page, and away", "Help", {'?', KEY_FUNCTION + 1}},
	{ACTION_UP, IN_ALL, "up", "Move", "one row up", NULL, {KEY_ARROW_UP, 'k'}},
	{ACTION_DOWN, IN_ALL, "down", "Move", "one row down", NULL, {KEY_ARROW_DOWN, 'j'}},
	{ACTION_PAGE_UP, IN_ALL, "page-up", "Move", "a page up", NULL, {KEY_PAGE_UP, KEY_CONTROL('B')}},
	{ACTION_PAGE_DOWN, IN_ALL, "page-down", "Move", "a page down", NULL, {KEY_PAGE_DOWN, KEY_CONTROL('F')}},
	{ACTION_PAGE_DOWN, IN_TEXT | IN_STREAM, "page-down-text", "Move", "in a text: a page down", NULL, {KEY_BLANK}},
	{ACTION_HALF_UP, IN_ALL, "half-page-up", "Move", "half a page up", NULL, {KEY_CONTROL('U')}},
	{ACTION_HALF_DOWN, IN_ALL, "half-page-down", "Move", "half a page down", NULL, {KEY_CONTROL('D')}},
	{ACTION_FIRST, IN_ALL, "first", "Move", "to the first row, and stay there", NULL, {'g', KEY_TO_HOME}},
	{ACTION_LAST, IN_ALL, "last", "Move", "to the last row, and stay there", NULL, {'G', KEY_TO_END}},
	{ACTION_LEFT, IN_PACKETS, "left", "Move", "layers: fold, to the layer; bytes: the byte before; list: scroll", NULL, {KEY_ARROW_LEFT, 'h'}},
	{ACTION_RIGHT, IN_PACKETS, "right", "Move", "layers: unfold; bytes: the next byte; list: scroll", NULL, {KEY_ARROW_RIGHT, 'l'}},
	{ACTION_DEEPER, IN_SOCKETS, "connections", "Look", "the connections of the listener or the socket; Esc comes back", "Conns", {KEY_RETURN}},
	{ACTION_DEEPER, IN_CONNECTIONS | IN_LADDER | IN_PACKETS, "deeper", "Look", "the ladder of the connection, the packet of the segment", "Deeper", {KEY_RETURN}},
	{ACTION_DETAIL, IN_CONNECTIONS, "detail", "Look", "the selected connection in full", "Detail", {'d'}},
	{ACTION_DETAIL, IN_SOCKETS, "detail-of-socket", "Look", "all that there is of it, and what its process does", "Detail", {'d'}},
	{ACTION_LEFT, IN_CONNECTIONS, "left", "Move", "columns to the left", NULL, {KEY_ARROW_LEFT, 'h'}},
	{ACTION_RIGHT, IN_CONNECTIONS, "right", "Move", "columns to the right", NULL, {KEY_ARROW_RIGHT, 'l'}},
	{ACTION_PANE, IN_PACKETS, "pane-next", "Look", "list, layers, bytes", "Pane", {KEY_TABULATOR}},
	{ACTION_PANE_BACK, IN_PACKETS, "pane-previous", "Look", "the pane before", NULL, {KEY_BACK_TAB}},
	{ACTION_BACK, IN_ALL, "back", "Look", "back; in the list: drop the filter", NULL, {KEY_ESCAPE, KEY_ERASE}},
	{ACTION_FILTER, IN_CONNECTIONS | IN_PACKETS | IN_SOCKETS, "filter", "Look", "show rows that fit a filter, or hold a text", "Filter", {'/', KEY_FUNCTION + 4}},
	{ACTION_FIND_NEXT, IN_CONNECTIONS, "find-next-connection", "Look", "the next found; else the next that failed or sent again", NULL, {'n'}},
	{ACTION_FIND_BACK, IN_CONNECTIONS, "find-previous-connection", "Look", "the same, backwards", NULL, {'N'}},
	{ACTION_FIND, IN_PACKETS, "find", "Look", "find a text, or bytes such as 0x1603; nothing typed: the last again", "Find", {KEY_FUNCTION + 3}},
	{ACTION_FIND, IN_STREAM, "find-text", "Look", "find in the stream; nothing typed: the last again", "Find", {'/', KEY_FUNCTION + 3}},
	{ACTION_UNFOLD, IN_LADDER, "unfold", "Ladder", "show each segment of a folded run", "Unfold", {'+', KEY_ARROW_RIGHT, 'l'}},
	{ACTION_FOLD, IN_LADDER, "fold", "Ladder", "fold that run again", "Fold", {'-', KEY_ARROW_LEFT, 'h'}},
	{ACTION_FOLD_ALL, IN_LADDER, "fold-all", "Ladder", "unfold or fold all runs", "All", {'*'}},
	{ACTION_UNFOLD, IN_SOCKETS, "unfold-group", "Look", "show what is below the row", "Unfold", {'+', KEY_ARROW_RIGHT, 'l'}},
	{ACTION_FOLD, IN_SOCKETS, "fold-group", "Look", "fold it again, from below too", "Fold", {'-', KEY_ARROW_LEFT, 'h'}},
	{ACTION_MARK, IN_SOCKETS, "fold-or-unfold", "Look", "fold the row, or unfold it", NULL, {KEY_BLANK}},
	{ACTION_FOLD_ALL, IN_SOCKETS, "fold-all-groups", "Look", "unfold or fold all", "All", {'*'}},
	{ACTION_GROUP, IN_SOCKETS, "group-sockets", "Look", "group by listener, process, state, kind", "Group", {'t', KEY_FUNCTION + 5}},
	{ACTION_FIND, IN_SOCKETS, "find-socket", "Look", "find a text in the rows; nothing typed: the last again", "Find", {KEY_FUNCTION + 3}},
	{ACTION_EVENTS, IN_LADDER, "events", "Ladder", "only what is not plain data and ACKs", "Events", {'e'}},
	{ACTION_CONNECTION_BACK, IN_LADDER, "connection-previous", "Ladder", "the previous connection of the list", "Prev", {'['}},
	{ACTION_CONNECTION_NEXT, IN_LADDER, "connection-next", "Ladder", "the next connection of the list", "Next", {']'}},
	{ACTION_TIMES, IN_LADDER, "times", "Ladder", "times: since the start, the row before, of the day; here, in packets and stream", "Times", {'t'}},
	{ACTION_ACKS, IN_LADDER, "acks", "Ladder", "leave plain ACKs out, or show them", "ACKs", {'a'}},
	{ACTION_RAW, IN_LADDER, "raw-numbers", "Ladder", "numbers as on the wire, or from the first", "Raw", {'u'}},
	{ACTION_SAVE, IN_LADDER, "save", "Ladder", "save the whole ladder as text, as it is shown", "Save", {'w', KEY_FUNCTION + 8}},
	{ACTION_PACKETS, IN_LADDER, "packets", "Ladder", "the packet of the segment", NULL, {'p'}},
	{ACTION_FROM_CELL, IN_CONNECTIONS, "filter-from-cell", "Look", "filter by the selected row, in the column it is sorted by", NULL, {'='}},
	{ACTION_MARK, IN_CONNECTIONS, "mark", "Look", "mark the connection, or take its mark off; Enter: all marked", NULL, {KEY_BLANK}},
	{ACTION_MARKED, IN_CONNECTIONS, "marked", "Look", "only those marked, or all", NULL, {'&'}},
	{ACTION_UNMARK, IN_CONNECTIONS | IN_PACKETS, "unmark-all", "Look", "take all marks off", NULL, {'U'}},
	{ACTION_MARK_NEXT, IN_CONNECTIONS | IN_PACKETS, "mark-next", "Look", "to the next one that is marked", NULL, {'m'}},
	{ACTION_MARK_BACK, IN_CONNECTIONS | IN_PACKETS, "mark-previous", "Look", "to the one marked before", NULL, {'M'}},
	{ACTION_CLOSED, IN_CONNECTIONS, "hide-closed", "Look", "hide what is over, or show it", NULL, {'x'}},
	{ACTION_FOLLOW, IN_CONNECTIONS, "follow", "Move", "the selection follows its connection, or keeps its line", NULL, {'F'}},
	{ACTION_COLUMNS, IN_CONNECTIONS, "columns", "Look", "choose columns and their order", NULL, {'c'}},
	{ACTION_SEARCH, IN_TEXT, "search", "Look", "search the text; nothing typed: the last again", "Search", {'/', KEY_FUNCTION + 3}},
	{ACTION_SEARCH_NEXT, IN_TEXT, "search-next", "Look", "in a text: the next place", NULL, {'n'}},
	{ACTION_SEARCH_BACK, IN_TEXT, "search-previous", "Look", "in a text: the place before", NULL, {'N'}},
	{ACTION_FROM_FIELD, IN_PACKETS, "filter-from-field", "Look", "a filter from the selected field, to be completed", "Field", {'='}},
	{ACTION_STREAM, IN_PACKETS, "stream", "Look", "follow the stream: what both ends said", "Follow", {'f'}},
	{ACTION_STREAM, IN_CONNECTIONS | IN_LADDER, "stream-of-connection", "Look", "follow the stream of the connection", NULL, {'f'}},
	{ACTION_PACKETS, IN_CONNECTIONS, "packets", "Look", "packets of the selected connection", NULL, {'p'}},
	{ACTION_SAVE, IN_PACKETS | IN_STREAM, "save", "Look", "save packets as pcapng; of a stream its bytes", "Save", {'w', KEY_FUNCTION + 8}},
	{ACTION_SAVE, IN_SOCKETS, "save-sockets", "Look", "save the list as text, as it is shown", NULL, {'w', KEY_FUNCTION + 8}},
	{ACTION_DIRECTION, IN_STREAM, "direction", "Look", "both directions, the client's, the server's", "Direction", {'d'}},
	{ACTION_BYTES, IN_PACKETS | IN_STREAM, "bytes", "Look", "bytes: hexadecimal, bits, text; a stream: text, hexadecimal, both", "Hex", {'x'}},
	{ACTION_MARK, IN_PACKETS, "mark", "Look", "mark the packet; in the layers: fold or unfold", NULL, {KEY_BLANK}},
	{ACTION_MARKED, IN_PACKETS, "marked", "Look", "marked packets only", "Marked", {'&'}},
	{ACTION_FIND_NEXT, IN_PACKETS | IN_STREAM | IN_SOCKETS, "find-next", "Look", "the next found; in packets with nothing searched: the next verdict", "Next", {'n'}},
	{ACTION_FIND_BACK, IN_PACKETS | IN_STREAM | IN_SOCKETS, "find-previous", "Look", "the same, backwards", NULL, {'N'}},
	{ACTION_GO_TO, IN_PACKETS, "go-to", "Look", "go to the packet of a number", NULL, {'#'}},
	{ACTION_TIMES, IN_PACKETS | IN_STREAM, "times", "Look", "times: since the first, the row before, of the day; also of the other screens", NULL, {'t'}},
	{ACTION_RAW, IN_PACKETS, "raw-numbers", "Look", "numbers as on the wire, or from the first", NULL, {'u'}},
	{ACTION_REFERENCE, IN_PACKETS, "time-reference", "Look", "times count from this packet, and no more", NULL, {'T'}},
	{ACTION_FOLD, IN_PACKETS | IN_STREAM, "fold", "Look", "fold the layer, the long piece", NULL, {'-'}},
	{ACTION_UNFOLD, IN_PACKETS | IN_STREAM, "unfold", "Look", "unfold the layer, the long piece", NULL, {'+'}},
	{ACTION_FOLD_ALL, IN_PACKETS | IN_STREAM, "fold-all", "Look", "unfold all layers or pieces, fold all", NULL, {'*'}},
	{ACTION_BUFFER, IN_PACKETS, "buffer", "Look", "bytes of the frame, the datagram put together, the stream", NULL, {'b'}},
	{ACTION_ZOOM, IN_PACKETS, "zoom", "Look", "one pane alone, all again", "Zoom", {'\\'}},
	{ACTION_LAYOUT, IN_PACKETS, "layout", "Look", "panes below each other, or side by side (160 columns)", NULL, {'|'}},
	{ACTION_CONNECTION_BACK, IN_PACKETS, "connection-previous", "Look", "packets of the connection before", NULL, {'['}},
	{ACTION_CONNECTION_NEXT, IN_PACKETS, "connection-next", "Look", "packets of the next connection", NULL, {']'}},
	{ACTION_YANK, IN_CONNECTIONS | IN_LADDER | IN_SOCKETS, "yank", "Look", "write the 4-tuple, or the row, out, to copy it", NULL, {'y'}},
	{ACTION_SORT_NEXT, IN_CONNECTIONS | IN_SOCKETS, "sort-next", "Order", "sort by the next column", "Sort", {'s', '>'}},
	{ACTION_SORT_BACK, IN_CONNECTIONS | IN_SOCKETS, "sort-previous", "Order", "sort by the previous column", NULL, {'<'}},
	{ACTION_SORT_REVERSE, IN_CONNECTIONS | IN_SOCKETS, "sort-reverse", "Order", "turn the order round", "Reverse", {'S'}},
	{ACTION_SORT_CHOOSE, IN_CONNECTIONS, "sort", "Order", "choose what to sort by", NULL, {KEY_FUNCTION + 6}},
	{ACTION_HOLD, IN_CONNECTIONS | IN_SOCKETS, "hold", "Order", "hold the order; values go on", "Hold", {'z'}},
	{ACTION_PAUSE, IN_SCREENS, "pause", "Order", "pause the view; capture goes on", "Pause", {'Z', KEY_FUNCTION + 7}},
	{ACTION_VIEW_1, IN_ALL, "view-connections", "Views", "Connections", NULL, {'1'}},
	{ACTION_VIEW_2, IN_ALL, "view-ladder", "Views", "Ladder", NULL, {'2'}},
	{ACTION_VIEW_3, IN_ALL, "view-packets", "Views", "Packets of the selected connection; again: of all", NULL, {'3'}},
	{ACTION_VIEW_4, IN_ALL, "view-sockets", "Views", "Sockets", NULL, {'4'}},
	{ACTION_VIEW_5, IN_ALL, "view-diagnosis", "Views", "Diagnosis (not built yet)", NULL, {'5'}},
	{ACTION_VIEW_6, IN_ALL, "view-graphs", "Views", "Graphs (not built yet)", NULL, {'6'}},
	{ACTION_COMMAND, IN_ALL, "command", "Other", "a command: q w filter set sort help, or a packet's number", NULL, {':'}},
	{ACTION_INTERFACES, IN_SCREENS, "interfaces", "Other", "interfaces and the capture filter", NULL, {'i', KEY_FUNCTION + 2}},
	{ACTION_REPAINT, IN_ALL, "repaint", "Other", "draw everything anew", NULL, {KEY_CONTROL('L')}},
	{ACTION_SUSPEND, IN_ALL, "suspend", "Other", "to the shell; fg comes back", NULL, {KEY_CONTROL('Z')}},
	{ACTION_QUIT, IN_ALL, "quit", "Other", "quit; live asks once, ^C never", "Quit", {'q', KEY_FUNCTION + 10, KEY_CONTROL('C')}},
	/* The bar of narrow screens has no room for these. */
	{ACTION_FIND, IN_CONNECTIONS, "find-connection", "Look", "find the next row that fits a filter, or holds a text; nothing typed: the last again", "Find", {KEY_FUNCTION + 3}},
	{ACTION_GROUP, IN_CONNECTIONS, "group", "Look", "group by client, server, service, live process, or not", "Group", {'t', KEY_FUNCTION + 5}},
	{ACTION_SAVE, IN_CONNECTIONS, "save", "Look", "save the packets of the selected connection, or of those marked", "Save", {'w', KEY_FUNCTION + 8}},
};
const size_t keys_lines = sizeof keys_table / sizeof keys_table[0];

enum action keys_action(uint32_t key, unsigned place)
{
	for (size_t i = 0; i < keys_lines; i++)
		for (unsigned k = 0; k < KEYS_EACH && keys_table[i].key[k] != 0; k++)
			if (keys_table[i].key[k] == key && keys_table[i].places & place)
				return keys_table[i].action;
	return ACTION_NONE;
}

const struct key_line *keys_of(enum action action)
{
	for (size_t i = 0; i < keys_lines; i++)
		if (keys_table[i].action == action)
			return &keys_table[i];
	return NULL;
}

/* Names in scripts and on screens. The first name of a key is the one shown. */
static const struct {
	const char *script, *shown, *glyph;
	uint32_t key;
} keys_names[] = {
	{"Up", "Up", "↑", KEY_ARROW_UP},
	{"Down", "Down", "↓", KEY_ARROW_DOWN},
	{"Left", "Left", "←", KEY_ARROW_LEFT},
	{"Right", "Right", "→", KEY_ARROW_RIGHT},
	{"PgUp", "PgUp", NULL, KEY_PAGE_UP},
	{"PgDn", "PgDn", NULL, KEY_PAGE_DOWN},
	{"Home", "Home", NULL, KEY_TO_HOME},
	{"End", "End", NULL, KEY_TO_END},
	{"Enter", "Enter", NULL, KEY_RETURN},
	{"CR", "Enter", NULL, KEY_RETURN},
	{"Esc", "Esc", NULL, KEY_ESCAPE},
	{"Space", "Space", NULL, KEY_BLANK},
	{"Tab", "Tab", NULL, KEY_TABULATOR},
	{"BackTab", "Shift-Tab", NULL, KEY_BACK_TAB},
	{"Backspace", "Backspace", NULL, KEY_ERASE},
	{"Delete", "Delete", NULL, KEY_DELETE},
	{"lt", "<", NULL, '<'},
	{"gt", ">", NULL, '>'},
};

void keys_name(struct text *t, uint32_t key, bool ascii)
{
	for (size_t i = 0; i < sizeof keys_names / sizeof keys_names[0]; i++)
		if (keys_names[i].key == key) {
			text_put(t, keys_names[i].glyph != NULL && !ascii ? keys_names[i].glyph
									  : keys_names[i].shown);
			return;
		}
	if (key > KEY_FUNCTION && key <= KEY_FUNCTION_LAST)
		text_format(t, "F%u", (unsigned)(key - KEY_FUNCTION));
	else if (key < ' ')
		text_format(t, "^%c", (char)(key + '@'));
	else
		text_code(t, key);
}

void keys_script_name(struct text *t, uint32_t key)
{
	for (size_t i = 0; i < sizeof keys_names / sizeof keys_names[0]; i++)
		if (keys_names[i].key == key) {
			text_format(t, "<%s>", keys_names[i].script);
			return;
		}
	if (key > KEY_FUNCTION && key <= KEY_FUNCTION_LAST)
		text_format(t, "<F%u>", (unsigned)(key - KEY_FUNCTION));
	else if (key < ' ')
		text_format(t, "<C-%c>", (char)(key + '`'));
	else
		text_code(t, key);
}

static bool keys_same(const char *name, const char *s, size_t n)
{
	if (strlen(name) != n)
		return false;
	for (size_t i = 0; i < n; i++)
		if (text_lower((uint8_t)name[i]) != text_lower((uint8_t)s[i]))
			return false;
	return true;
}

/* <click:12,3>, <wheel-up>, <wheel-down> */
static uint32_t keys_pointed(const char *s, size_t n)
{
	unsigned at[2] = {0, 0}, i = 0;

	if (keys_same("wheel-up", s, n))
		return KEY_POINTED(POINTER_WHEEL_UP, 0, 0);
	if (keys_same("wheel-down", s, n))
		return KEY_POINTED(POINTER_WHEEL_DOWN, 0, 0);
	if (n < 7 || memcmp(s, "click:", 6) != 0)
		return 0;
	for (s += 6, n -= 6; n > 0; s++, n--) {
		if (*s == ',' && i == 0)
			i = 1;
		else if (*s >= '0' && *s <= '9' && at[i] < 100)
			at[i] = at[i] * 10 + (unsigned)(*s - '0');
		else
			return 0;
	}
	return i == 1 ? KEY_POINTED(POINTER_CLICK, at[0], at[1]) : 0;
}

static uint32_t keys_by_name(const char *s, size_t n)
{
	if (keys_pointed(s, n) != 0)
		return keys_pointed(s, n);
	if (n == 3 && (s[0] == 'C' || s[0] == 'c') && s[1] == '-' &&
	    text_lower((uint8_t)s[2]) >= 'a' && text_lower((uint8_t)s[2]) <= 'z')
		return KEY_CONTROL(s[2]);
	for (unsigned f = 1; f <= 12; f++) {
		char name[4] = {'F', (char)('0' + f % 10), '\0', '\0'};

		if (f >= 10) {
			name[1] = '1';
			name[2] = (char)('0' + f % 10);
		}
		if (keys_same(name, s, n))
			return KEY_FUNCTION + f;
	}
	for (size_t i = 0; i < sizeof keys_names / sizeof keys_names[0]; i++)
		if (keys_same(keys_names[i].script, s, n))
			return keys_names[i].key;
	return 0;
}

uint32_t keys_script(const char **at, struct error *err)
{
	const char *s = *at, *close;
	char shown[64];
	struct text t;
	uint32_t key;
	bool bad;

	while (*s == ' ' || *s == '\t' || *s == '\n')
		s++;
	*at = s;
	if (*s == '\0')
		return 0;
	/* A lone '<' is the character; '<' and a word is a name. */
	if (*s == '<' && s[1] != '\0' && s[1] != ' ') {
		close = strchr(s, '>');
		key = close != NULL ? keys_by_name(s + 1, (size_t)(close - s - 1)) : 0;
		if (key == 0) {
			text_init(&t, shown, sizeof shown);
			text_foreign(&t, s, close != NULL ? (size_t)(close - s) + 1 : strlen(s), false);
			(void)error_set(err, EINVAL,
					"--keys: no key is named %s (names are like <Enter>, <Esc>, <F4>, "
					"<PgDn>; <lt> is the character <)",
					shown);
			return 0;
		}
		*at = close + 1;
		return key;
	}
	*at = s + text_utf8(s, strlen(s), &key, &bad);
	if (!bad && key >= ' ' && key != 0x7f)
		return key;
	(void)error_set(err, EINVAL, "--keys: byte %u is no character (is the script UTF-8?)", (unsigned)(uint8_t)*s);
	return 0;
}

bool tui_keys_check(const char *keys, struct error *err)
{
	struct error first = {""};

	while (keys != NULL && keys_script(&keys, &first) != 0)
		;
	if (first.text[0] != '\0' && err != NULL)
		*err = first;
	return first.text[0] == '\0';
}

/* " [Ladder, Packets]", where a line does not hold everywhere. */
static void list_places(struct text *t, unsigned places)
{
	static const struct {
		unsigned place;
		const char *name;
	} names[] = {
		{IN_CONNECTIONS, "Connections"}, {IN_LADDER, "Ladder"}, {IN_PACKETS, "Packets"}, {IN_SOCKETS, "Sockets"},
		{IN_STREAM, "stream"}, {IN_TEXT, "text"},
	};
	bool any = false;

	if ((places & IN_SCREENS) == IN_SCREENS)
		return;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (places & names[i].place) {
			text_put(t, any ? ", " : " [");
			text_put(t, names[i].name);
			any = true;
		}
	if (any)
		text_char(t, ']');
}

void tui_list_keys(FILE *to)
{
	for (size_t i = 0; i < keys_lines; i++) {
		char buffer[64], places[64];
		struct text t, p;

		text_init(&t, buffer, sizeof buffer);
		for (unsigned k = 0; k < KEYS_EACH && keys_table[i].key[k] != 0; k++) {
			if (k > 0)
				text_char(&t, ' ');
			keys_name(&t, keys_table[i].key[k], true);
		}
		text_init(&p, places, sizeof places);
		list_places(&p, keys_table[i].places);
		fprintf(to, "%-20s %-22s %s%s\n", keys_table[i].name, t.at, keys_table[i].help, p.at);
	}
}
