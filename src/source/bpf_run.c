/* Classic BPF on a frame: see bpf_run.h. */
#include "bpf_run.h"

#include <linux/filter.h>
#include <stdbool.h>

#include "sockeye/cursor.h"

struct machine {
	uint32_t a, x, memory[BPF_MEMWORDS];
	const uint8_t *data;
	uint32_t caplen, wirelen;
	const struct bpf_known *known;
};

/* What the kernel knows; false: not that. */
static bool load_known(const struct machine *m, uint32_t what, uint32_t *out)
{
	switch (what) {
	case SKF_AD_PROTOCOL:
		*out = m->known->protocol;
		return true;
	case SKF_AD_PKTTYPE:
		*out = m->known->pkttype;
		return true;
	case SKF_AD_IFINDEX:
		*out = (uint32_t)m->known->ifindex;
		return true;
	case SKF_AD_HATYPE:
		*out = m->known->hatype;
		return true;
	case SKF_AD_VLAN_TAG:
		*out = m->known->tci;
		return true;
	case SKF_AD_VLAN_TAG_PRESENT:
		*out = m->known->tpid != 0;
		return true;
	case SKF_AD_VLAN_TPID:
		*out = m->known->tpid;
		return true;
	default:
		return false;
	}
}

static bool load(const struct machine *m, uint16_t size, uint64_t at, uint32_t *out)
{
	struct cursor c;

	cursor_init(&c, m->data, m->caplen, m->caplen);
	if (at >= (uint32_t)SKF_AD_OFF && at <= UINT32_MAX)
		return load_known(m, (uint32_t)at - (uint32_t)SKF_AD_OFF, out);
	if (at > m->caplen)
		return false;
	cursor_skip(&c, (size_t)at);
	*out = size == BPF_W ? cursor_be32(&c) : size == BPF_H ? cursor_be16(&c) : cursor_u8(&c);
	return c.fault == CURSOR_OK;
}

static bool execute_load(struct machine *m, const struct sock_filter *i)
{
	uint32_t *to = BPF_CLASS(i->code) == BPF_LD ? &m->a : &m->x, v;

	switch (BPF_MODE(i->code)) {
	case BPF_IMM:
		*to = i->k;
		return true;
	case BPF_ABS:
		return load(m, BPF_SIZE(i->code), i->k, to);
	case BPF_IND:
		return load(m, BPF_SIZE(i->code), (uint64_t)m->x + i->k, to);
	case BPF_MEM:
		if (i->k >= BPF_MEMWORDS)
			return false;
		*to = m->memory[i->k];
		return true;
	case BPF_LEN:
		*to = m->wirelen;
		return true;
	case BPF_MSH:
		if (!load(m, BPF_B, i->k, &v))
			return false;
		m->x = (v & 15) << 2;
		return true;
	default:
		return false;
	}
}

static bool execute_alu(struct machine *m, const struct sock_filter *i)
{
	uint32_t v = BPF_SRC(i->code) == BPF_X ? m->x : i->k;

	switch (BPF_OP(i->code)) {
	case BPF_ADD:
		m->a += v;
		return true;
	case BPF_SUB:
		m->a -= v;
		return true;
	case BPF_MUL:
		m->a *= v;
		return true;
	case BPF_DIV:
		m->a = v ? m->a / v : 0;
		return v != 0;
	case BPF_MOD:
		m->a = v ? m->a % v : 0;
		return v != 0;
	case BPF_OR:
		m->a |= v;
		return true;
	case BPF_AND:
		m->a &= v;
		return true;
	case BPF_XOR:
		m->a ^= v;
		return true;
	case BPF_LSH:
		m->a = v < 32 ? m->a << v : 0;
		return true;
	case BPF_RSH:
		m->a = v < 32 ? m->a >> v : 0;
		return true;
	case BPF_NEG:
		m->a = 0 - m->a;
		return true;
	default:
		return false;
	}
}

/* Instructions to skip. */
static uint64_t execute_jump(const struct machine *m, const struct sock_filter *i)
{
	uint32_t v = BPF_SRC(i->code) == BPF_X ? m->x : i->k;

	switch (BPF_OP(i->code)) {
	case BPF_JA:
		return i->k;
	case BPF_JEQ:
		return m->a == v ? i->jt : i->jf;
	case BPF_JGT:
		return m->a > v ? i->jt : i->jf;
	case BPF_JGE:
		return m->a >= v ? i->jt : i->jf;
	case BPF_JSET:
		return m->a & v ? i->jt : i->jf;
	default:
		return UINT32_MAX; /* beyond the end: rejects */
	}
}

uint32_t bpf_run(const struct sock_filter *program, size_t n, const uint8_t *data, uint32_t caplen,
		 uint32_t wirelen, const struct bpf_known *known)
{
	struct machine m = {.data = data, .caplen = caplen, .wirelen = wirelen, .known = known};

	for (uint64_t pc = 0; pc < n; pc++) {
		const struct sock_filter *i = &program[pc];

		switch (BPF_CLASS(i->code)) {
		case BPF_LD:
		case BPF_LDX:
			if (!execute_load(&m, i))
				return 0;
			break;
		case BPF_ST:
		case BPF_STX:
			if (i->k >= BPF_MEMWORDS)
				return 0;
			m.memory[i->k] = BPF_CLASS(i->code) == BPF_ST ? m.a : m.x;
			break;
		case BPF_ALU:
			if (!execute_alu(&m, i))
				return 0;
			break;
		case BPF_JMP:
			pc += execute_jump(&m, i);
			break;
		case BPF_RET:
			return BPF_RVAL(i->code) == BPF_A ? m.a : i->k;
		default: /* BPF_MISC */
			if (BPF_MISCOP(i->code) == BPF_TAX)
				m.x = m.a;
			else
				m.a = m.x;
		}
	}
	return 0; /* ran off its end */
}
