/* Whose control group is it: a container's or a service's.
 *
 * By the names that container engines and systemd give: the deepest part of the
 * path that has one. An identifier of 64 hexadecimal digits alone is a container's
 * whose engine the parts above it name (/docker/ID, /kubepods/.../ID); a unit is
 * what no container lies in.
 */
#include "sockeye/process.h"

#include <string.h>

enum { HOME_ID = 64 };

static bool home_hex(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!((s[i] >= '0' && s[i] <= '9') || (s[i] >= 'a' && s[i] <= 'f')))
			return false;
	return n == HOME_ID;
}

static bool home_ends(const char *s, size_t n, const char *end)
{
	size_t m = strlen(end);

	return n > m && memcmp(s + n - m, end, m) == 0;
}

static bool home_begins(const char *s, size_t n, const char *word)
{
	size_t m = strlen(word);

	return n > m && memcmp(s, word, m) == 0;
}

/* "docker-ID.scope" and its like, as systemd's driver of control groups makes them. */
static bool home_scope(const char *s, size_t n, struct process_home *out)
{
	static const struct {
		const char *before, *kind;
	} engines[] = {
		{"docker-", "docker"}, {"libpod-conmon-", NULL}, {"libpod-", "podman"}, {"crio-conmon-", NULL}, {"crio-", "crio"},
		{"cri-containerd-", "containerd"}, {"containerd-", "containerd"}, {"nerdctl-", "containerd"},
	};

	for (size_t i = 0; i < sizeof engines / sizeof *engines; i++) {
		size_t m = strlen(engines[i].before), len = home_ends(s, n, ".scope") ? n - 6 : n;

		if (!home_begins(s, len, engines[i].before))
			continue;
		if (!engines[i].kind || !home_hex(s + m, len - m))
			return false;
		*out = (struct process_home){engines[i].kind, s + m, len - m};
		return true;
	}
	return false;
}

/* What the parts above a bare identifier say. */
static const char *home_engine(const char *path, size_t n)
{
	if (memmem(path, n, "kubepods", 8))
		return "kubernetes";
	if (memmem(path, n, "libpod", 6))
		return "podman";
	if (memmem(path, n, "crio", 4))
		return "crio";
	return memmem(path, n, "docker", 6) ? "docker" : NULL;
}

static bool home_part(const char *path, const char *s, size_t n, struct process_home *out)
{
	const char *engine;

	if (home_scope(s, n, out))
		return true;
	if (home_hex(s, n)) {
		engine = home_engine(path, (size_t)(s - path));
		*out = (struct process_home){engine ? engine : "container", s, n};
		return true;
	}
	if (home_begins(s, n, "lxc.payload.")) {
		*out = (struct process_home){"lxc", s + 12, n - 12};
		return true;
	}
	if (home_begins(s, n, "machine-") && home_ends(s, n, ".scope")) {
		*out = (struct process_home){"nspawn", s + 8, n - 14};
		return true;
	}
	if (s > path + 4 && memcmp(s - 5, "/lxc/", 5) == 0) {
		*out = (struct process_home){"lxc", s, n};
		return true;
	}
	return false;
}

static bool home_unit(const char *s, size_t n)
{
	/* user@1000.service is where a user's own units lie, and none of them */
	return (home_ends(s, n, ".service") && !home_begins(s, n, "user@")) || home_ends(s, n, ".socket");
}

struct process_home process_home(const char *cgroup)
{
	struct process_home container = {NULL, NULL, 0}, unit = {NULL, NULL, 0};
	const char *s = cgroup;

	while (*s) {
		size_t n = strcspn(s, "/");

		if (n > 0) {
			(void)home_part(cgroup, s, n, &container);
			if (home_unit(s, n))
				unit = (struct process_home){"unit", s, n};
		}
		s += n + (s[n] == '/');
	}
	return container.kind ? container : unit;
}
