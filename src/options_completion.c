/* --completion: what a shell types for you, from the table of options.
 *
 * Options, views, formats and words to choose from stand in the script; interfaces
 * and the names of filters are asked of the program when they are wanted. Names of
 * interfaces are somebody else's: those that hold more than letters, digits and
 * ._:@- are not offered, because what is completed is a command line.
 *
 * The scripts need nothing but the shell itself: bash 4, zsh 5.
 */
#include <errno.h>
#include <string.h>

#include "options_table.h"
#include "options_values.h"
#include "sockeye/socket_words.h"

enum kind { KIND_NONE, KIND_FILE, KIND_INTERFACE, KIND_FORMAT, KIND_FIELD, KIND_USER, KIND_NETNS, KIND_CHOICE };

static enum kind kind_of(const struct option_row *row)
{
	static const struct {
		const char *argument;
		enum kind kind;
	} kinds[] = {{"FILE", KIND_FILE}, {"IFACE", KIND_INTERFACE}, {"FORMAT", KIND_FORMAT}, {"USER", KIND_USER}};

	if (!row->argument)
		return KIND_NONE;
	if (row->letter == 'Y')
		return KIND_FIELD;
	if (row->letter == LONG_NETNS)
		return KIND_NETNS;
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (strcmp(row->argument, kinds[i].argument) == 0)
			return kinds[i].kind;
	return strchr(row->argument, '|') ? KIND_CHOICE : KIND_NONE;
}

static bool takes_value(const struct option_row *row)
{
	return row->argument && row->argument[0] != '[';
}

/* in|out as "in out". */
static void choices(FILE *to, const char *argument)
{
	for (; *argument; argument++)
		fputc(*argument == '|' ? ' ' : *argument, to);
}

static void formats(FILE *to, enum options_view v)
{
	const char *between = "", *name;

	for (unsigned f = 0; f < OPTIONS_FORMATS; f++) {
		name = options_format(v, (enum options_format)f);
		if (name && f != OPTIONS_SCREEN) {
			fprintf(to, "%s%s", between, name);
			between = " ";
		}
	}
}

/* Those that stand behind the words state and exclude of sockets. */
static void states(FILE *to)
{
	const char *word;

	for (unsigned i = 0; (word = sockets_words_state(i)) != NULL; i++)
		fprintf(to, " %s", word);
}

static void views(FILE *to, const char *between)
{
	for (unsigned v = 0; v < OPTIONS_GRAPH; v++) /* the rest is not built */
		fprintf(to, "%s%s", v > 0 ? between : "", options_views[v]);
}

/* ---- bash -------------------------------------------------------------------- */

/* "-i|--interface|..." of one kind, or of what takes a value and has no kind. */
static void bash_case(FILE *to, enum kind kind, const char *then)
{
	const char *between = "\t";

	for (unsigned i = 0; i < OPTIONS_ROWS; i++) {
		const struct option_row *row = &options_rows[i];

		if (!row->built || !takes_value(row) || kind_of(row) != kind)
			continue;
		if (row->letter < LONG_MEMORY) {
			fprintf(to, "%s-%c", between, row->letter);
			between = "|";
		}
		if (row->name) {
			fprintf(to, "%s--%s", between, row->name);
			between = "|";
		}
	}
	if (between[0] == '|')
		fprintf(to, ")\n\t\t%s\n\t\treturn ;;\n", then);
}

static void bash_choices(FILE *to)
{
	for (unsigned i = 0; i < OPTIONS_ROWS; i++) {
		const struct option_row *row = &options_rows[i];

		if (!row->built || kind_of(row) != KIND_CHOICE)
			continue;
		fputc('\t', to);
		if (row->letter < LONG_MEMORY)
			fprintf(to, "-%c|", row->letter);
		fprintf(to, "--%s)\n\t\t_sockeye_words \"$value\" ", row->name);
		choices(to, row->argument);
		fputs("\n\t\treturn ;;\n", to);
	}
}

static void bash_options(FILE *to)
{
	fputs("\t\t_sockeye_words \"$cur\"", to);
	for (unsigned i = 0; i < OPTIONS_ROWS; i++) {
		const struct option_row *row = &options_rows[i];

		if (!row->built)
			continue;
		if (row->letter < LONG_MEMORY)
			fprintf(to, row->letter == '#' ? " '-%c'" : " -%c", row->letter);
		if (row->name)
			fprintf(to, " --%s%s", row->name, takes_value(row) ? "=" : "");
	}
	fputc('\n', to);
}

static void bash(FILE *to)
{
	fputs("# bash completion for sockeye, made by: sockeye --completion=bash\n"
	      "# In ~/.bashrc: source <(sockeye --completion=bash)\n\n"
	      "# Those of the words that begin with $1.\n"
	      "_sockeye_words()\n{\n"
	      "\tlocal begin=$1 word\n\tshift\n"
	      "\tfor word; do\n\t\t[[ $word == \"$begin\"* ]] && COMPREPLY+=(\"$word\")\n\tdone\n"
	      "\t[[ ${#COMPREPLY[@]} == 1 && ${COMPREPLY[0]} == *= ]] && compopt -o nospace 2>/dev/null\n"
	      "\treturn 0\n}\n\n"
	      "# The first words of what the program prints, if they are harmless; without its header.\n"
	      "_sockeye_asked()\n{\n"
	      "\tlocal begin=$1 line\n\tshift\n"
	      "\twhile IFS= read -r line; do\n"
	      "\t\t[[ $line == 'NAME '* ]] && continue\n"
	      "\t\tline=${line#[0-9]*.}\n\t\tline=${line%% *}\n"
	      "\t\t[[ $line =~ ^[A-Za-z0-9._:@-]+$ && $line == \"$begin\"* ]] && COMPREPLY+=(\"$line\")\n"
	      "\tdone < <(\"$@\" 2>/dev/null)\n\treturn 0\n}\n\n"
	      "_sockeye_files()\n{\n"
	      "\tcompopt -o filenames 2>/dev/null\n"
	      "\tmapfile -t -O ${#COMPREPLY[@]} COMPREPLY < <(compgen -f -- \"$1\")\n}\n\n"
	      "_sockeye()\n{\n"
	      "\tlocal program=${COMP_WORDS[0]} cur=${COMP_WORDS[COMP_CWORD]} option= value view= word\n"
	      "\tvalue=$cur\n\tCOMPREPLY=()\n"
	      "\t# --output=json comes as three words.\n"
	      "\tif [[ $cur == = ]]; then\n\t\toption=${COMP_WORDS[COMP_CWORD-1]} value=\n"
	      "\telif ((COMP_CWORD > 2)) && [[ ${COMP_WORDS[COMP_CWORD-1]} == = ]]; then\n"
	      "\t\toption=${COMP_WORDS[COMP_CWORD-2]}\n"
	      "\telif ((COMP_CWORD > 1)); then\n\t\toption=${COMP_WORDS[COMP_CWORD-1]}\n\tfi\n"
	      "\tfor word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
	      "\t\tcase $word in\n\t\t", to);
	views(to, "|");
	fputs(") view=$word; break ;;\n\t\tesac\n\tdone\n\tcase $option in\n", to);
	bash_case(to, KIND_INTERFACE, "_sockeye_asked \"$value\" \"$program\" -D");
	bash_case(to, KIND_FILE, "_sockeye_files \"$value\"");
	bash_case(to, KIND_FIELD, "_sockeye_asked \"$value\" \"$program\" --list-fields");
	bash_case(to, KIND_USER, "mapfile -t COMPREPLY < <(compgen -u -- \"$value\")");
	bash_case(to, KIND_NETNS, "_sockeye_asked \"$value\" ls /run/netns; _sockeye_words \"$value\" all");
	bash_case(to, KIND_FORMAT, "_sockeye_formats \"$value\" \"$view\"");
	bash_choices(to);
	bash_case(to, KIND_NONE, ":");
	fputs("\tstate|exclude)\n\t\tif [[ $view == sockets ]]; then\n\t\t\t_sockeye_words \"$value\"", to);
	states(to);
	fputs("\n\t\t\treturn\n\t\tfi ;;\n", to);
	fputs("\tesac\n\tcase $cur in\n\t-*)\n", to);
	bash_options(to);
	fputs("\t\treturn ;;\n\tesac\n\t[[ $view ]] || _sockeye_words \"$cur\" ", to);
	views(to, " ");
	fputs("\n\t_sockeye_files \"$cur\"\n}\n\n_sockeye_formats()\n{\n\tcase $2 in\n", to);
	for (unsigned v = OPTIONS_PACKETS; v < OPTIONS_SOCKETS; v++) {
		fprintf(to, "\t%s) _sockeye_words \"$1\" ", options_views[v]);
		formats(to, (enum options_view)v);
		fputs(" ;;\n", to);
	}
	fputs("\t*) _sockeye_words \"$1\" ", to);
	formats(to, OPTIONS_CONNECTIONS); /* which has them all */
	fputs(" ;;\n\tesac\n}\n\ncomplete -F _sockeye sockeye\n", to);
}

/* ---- zsh --------------------------------------------------------------------- */

/* In single quotes, and in a specification of _arguments, where \[ \] \: are meant. */
static void zsh_text(FILE *to, const char *s)
{
	for (; *s; s++) {
		if (strchr("[]:\\", *s))
			fputc('\\', to);
		if (*s == '\'')
			fputs("'\\'", to);
		fputc(*s == '\n' ? ' ' : *s, to);
	}
}

static void zsh_value(FILE *to, const struct option_row *row)
{
	static const char *const by[] = {
		[KIND_NONE] = " ",	       [KIND_FILE] = "_files",	      [KIND_INTERFACE] = "_sockeye_interfaces",
		[KIND_FORMAT] = "_sockeye_formats", [KIND_FIELD] = "_sockeye_fields", [KIND_USER] = "_users",
		[KIND_NETNS] = "_sockeye_netns",
	};
	enum kind kind = kind_of(row);

	fputs(row->argument[0] == '[' ? "::" : ":", to);
	zsh_text(to, kind == KIND_CHOICE ? row->name : row->argument[0] == '[' ? "value" : row->argument);
	fputc(':', to);
	if (kind != KIND_CHOICE) {
		fputs(by[kind], to);
		return;
	}
	fputc('(', to);
	choices(to, row->argument);
	fputc(')', to);
}

/* One way to write an option: its dashes, and how its value follows. */
static void zsh_option(FILE *to, const struct option_row *row, bool by_name)
{
	fputs("\t\t'*", to);
	if (by_name)
		fprintf(to, "--%s%s", row->name, !row->argument ? "" : takes_value(row) ? "=" : "=-");
	else
		fprintf(to, "-%c%s", row->letter, row->argument ? "+" : "");
	fputc('[', to);
	zsh_text(to, row->help);
	fputc(']', to);
	if (row->argument)
		zsh_value(to, row);
	fputs("' \\\n", to);
}

static void zsh(FILE *to)
{
	fputs("#compdef sockeye\n"
	      "# zsh completion for sockeye, made by: sockeye --completion=zsh\n"
	      "# As _sockeye in a folder of $fpath, or in ~/.zshrc: source <(sockeye --completion=zsh)\n\n"
	      "# The first words of what the program prints, if they are harmless.\n"
	      "_sockeye_asked()\n{\n"
	      "\tlocal -a names\n"
	      "\tnames=(${(f)\"$(_call_program sockeye \"${(q)words[1]}\" \"$@\" 2>/dev/null)\"})\n"
	      "\tnames=(${names:#NAME *})\n"
	      "\tnames=(${${names#[0-9]##.}%% *})\n"
	      "\tnames=(${(M)names:#[A-Za-z0-9._:@-]##})\n"
	      "\tcompadd -a names\n}\n\n"
	      "_sockeye_interfaces() { setopt localoptions extendedglob; _sockeye_asked -D }\n"
	      "_sockeye_fields() { setopt localoptions extendedglob; _sockeye_asked --list-fields }\n"
	      "_sockeye_netns() { local -a names; names=(all /run/netns/*(N:t)); compadd -a names }\n\n"
	      "_sockeye_formats()\n{\n"
	      "\tlocal word\n\tfor word in $words[2,-1]; do\n\t\tcase $word in\n", to);
	for (unsigned v = OPTIONS_PACKETS; v < OPTIONS_SOCKETS; v++) {
		fprintf(to, "\t\t(%s) compadd ", options_views[v]);
		formats(to, (enum options_view)v);
		fputs("; return ;;\n", to);
	}
	fputs("\t\tesac\n\tdone\n\tcompadd ", to);
	formats(to, OPTIONS_CONNECTIONS); /* which has them all */
	fputs("\n}\n\n_sockeye_first()\n{\n\t_alternative 'views:view:(", to);
	views(to, " ");
	fputs(")' 'files:capture file:_files'\n}\n\n_sockeye_rest()\n{\n"
	      "\tif [[ $words[CURRENT-1] == (state|exclude) && $words[(r)sockets] == sockets ]]; then\n\t\tcompadd", to);
	states(to);
	fputs("\n\telse\n\t\t_files\n\tfi\n}\n\n_sockeye()\n{\n\t_arguments -s -S \\\n", to);
	for (unsigned i = 0; i < OPTIONS_ROWS; i++) {
		if (!options_rows[i].built)
			continue;
		if (options_rows[i].letter < LONG_MEMORY)
			zsh_option(to, &options_rows[i], false);
		if (options_rows[i].name)
			zsh_option(to, &options_rows[i], true);
	}
	fputs("\t\t'1:view or capture file:_sockeye_first' \\\n\t\t'*:capture file:_sockeye_rest'\n}\n\n"
	      "if [[ $funcstack[1] == _sockeye ]]; then\n\t_sockeye \"$@\"\nelse\n\tcompdef _sockeye sockeye\nfi\n", to);
}

int options_apply_completion(struct options *o, const char *shell, struct error *e)
{
	char w[128];

	o->action = OPTIONS_COMPLETION;
	o->shell_zsh = strcmp(shell, "zsh") == 0;
	if (o->shell_zsh || strcmp(shell, "bash") == 0)
		return 0;
	return error_set(e, EINVAL, "--completion wants bash or zsh, not \"%s\"", word(w, shell));
}

void options_completion(FILE *to, const struct options *o)
{
	if (o->shell_zsh)
		zsh(to);
	else
		bash(to);
}
