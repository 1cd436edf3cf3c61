/* A set of numbers: see bits.h. */
#include "bits.h"

#include <stdlib.h>
#include <string.h>

void bits_clear(struct bits *b)
{
	size_t most = b->most;

	for (size_t i = 0; i < b->pages; i++)
		free(b->page[i]);
	free(b->page);
	memset(b, 0, sizeof *b);
	b->most = most;
}

static bool bits_room(struct bits *b, size_t page)
{
	size_t more = b->pages ? b->pages : 64;
	struct bits_page **at;

	while (more <= page)
		more *= 2;
	if (more == b->pages)
		return true;
	at = realloc(b->page, more * sizeof *at);
	if (!at)
		return false;
	memset(at + b->pages, 0, (more - b->pages) * sizeof *at);
	b->page = at;
	b->pages = more;
	return true;
}

bool bits_set(struct bits *b, uint64_t at)
{
	size_t page = (size_t)(at / BITS_PAGE);
	struct bits_page *p;
	uint64_t bit = UINT64_C(1) << at % 64;

	if (page >= b->pages && !bits_room(b, page))
		return false;
	p = b->page[page];
	if (!p) {
		if (b->taken >= b->most || !(p = calloc(1, sizeof *p)))
			return false;
		b->page[page] = p;
		b->taken++;
	}
	if (!(p->word[at % BITS_PAGE / 64] & bit)) {
		p->word[at % BITS_PAGE / 64] |= bit;
		p->n++;
		b->n++;
	}
	return true;
}

void bits_unset(struct bits *b, uint64_t at)
{
	struct bits_page *p = at / BITS_PAGE < b->pages ? b->page[at / BITS_PAGE] : NULL;
	uint64_t bit = UINT64_C(1) << at % 64;

	if (!p || !(p->word[at % BITS_PAGE / 64] & bit))
		return;
	p->word[at % BITS_PAGE / 64] &= ~bit;
	p->n--;
	b->n--;
}

bool bits_has(const struct bits *b, uint64_t at)
{
	const struct bits_page *p = at / BITS_PAGE < b->pages ? b->page[at / BITS_PAGE] : NULL;

	return p && p->word[at % BITS_PAGE / 64] >> at % 64 & 1;
}

uint64_t bits_before(const struct bits *b, uint64_t at)
{
	size_t page = (size_t)(at / BITS_PAGE);
	uint64_t n = 0;

	for (size_t i = 0; i < page && i < b->pages; i++)
		n += b->page[i] ? b->page[i]->n : 0;
	if (page >= b->pages || !b->page[page])
		return n;
	for (unsigned i = 0; i < at % BITS_PAGE / 64; i++)
		n += (unsigned)__builtin_popcountll(b->page[page]->word[i]);
	return n + (unsigned)__builtin_popcountll(b->page[page]->word[at % BITS_PAGE / 64] & ((UINT64_C(1) << at % 64) - 1));
}

uint64_t bits_at(const struct bits *b, uint64_t place)
{
	if (place >= b->n)
		return UINT64_MAX;
	for (size_t i = 0; i < b->pages; i++) {
		uint32_t n = b->page[i] ? b->page[i]->n : 0;

		if (place >= n) {
			place -= n;
			continue;
		}
		for (unsigned w = 0; w < BITS_WORDS; w++) {
			uint64_t word = b->page[i]->word[w];
			unsigned in = (unsigned)__builtin_popcountll(word);

			if (place >= in) {
				place -= in;
				continue;
			}
			for (; place > 0; place--)
				word &= word - 1;
			return i * BITS_PAGE + w * 64 + (unsigned)__builtin_ctzll(word);
		}
	}
	return UINT64_MAX;
}

uint64_t bits_next(const struct bits *b, uint64_t at)
{
	for (size_t i = (size_t)(at / BITS_PAGE); i < b->pages; i++, at = i * BITS_PAGE) {
		if (!b->page[i] || b->page[i]->n == 0)
			continue;
		for (unsigned w = at % BITS_PAGE / 64; w < BITS_WORDS; w++) {
			uint64_t word = b->page[i]->word[w];

			if (w == at % BITS_PAGE / 64)
				word &= UINT64_MAX << at % 64;
			if (word)
				return i * BITS_PAGE + w * 64 + (unsigned)__builtin_ctzll(word);
		}
	}
	return UINT64_MAX;
}

uint64_t bits_last(const struct bits *b, uint64_t at)
{
	if (b->pages == 0)
		return UINT64_MAX;
	if (at >= b->pages * BITS_PAGE)
		at = b->pages * BITS_PAGE - 1;
	for (size_t i = (size_t)(at / BITS_PAGE) + 1; i-- > 0; at = i * BITS_PAGE - 1) {
		if (b->page[i] && b->page[i]->n > 0)
			for (unsigned w = (unsigned)(at % BITS_PAGE / 64) + 1; w-- > 0;) {
				uint64_t word = b->page[i]->word[w];

				if (w == at % BITS_PAGE / 64)
					word &= UINT64_MAX >> (63 - at % 64);
				if (word)
					return i * BITS_PAGE + w * 64 + 63 - (uint64_t)__builtin_clzll(word);
			}
		if (i == 0)
			break;
	}
	return UINT64_MAX;
}
