"""truth-*.pcap, part 7: a repeat under VLAN tags and inside of tunnels (rule 2).

Each function's text says what its capture is about and lists the frames; see
truth.py for the language.
"""
from truth import *

ROUND = 10 * MS
OUTER = ("203.0.113.1", "203.0.113.2")  # of a tunnel, by the side that sends


def outer(side, proto, payload):
    return ether(ipv4(OUTER[side], OUTER[1 - side], proto, payload, ttl=60, ident=0x7777))


def repeated(s, wrap, **truth):
    """A short talk inside of something, with a repeat; wrap: as s.wrap."""
    s.wrap = wrap
    k = s.talk(state="established", zeek="S1 ShADTa", **truth)
    k.open()
    k.c("PA", 500)
    k.c("PA", 500, at=0, after=300 * MS, says="retransmission", again=500)
    k.s("A", after=ROUND)


@case("02-qinq", 2, "A repeat under two VLAN tags", "the tags are the link's, the connection is the same",
      "IEEE 802.1ad")
def qinq(s):
    """Every frame has an outer tag 200 and an inner tag 7, and one segment comes twice.

    1-3 handshake, 4 client 0-500, 5 the same after 300 ms, 6 ACK"""
    tags = ((0x88A8, 200), (0x8100, 7))
    repeated(s, lambda packet, side, src, dst: ether(packet, src, dst, vlans=tags), vlan=[200, 7])


@case("02-gre", 2, "A repeat inside GRE", "what is inside is judged; the outer identification says nothing", "RFC 2890")
def in_gre(s):
    """Two routers carry the talk in GRE with a key, and one segment comes twice.

    as 02-qinq"""
    repeated(s, lambda packet, side, src, dst: outer(side, GRE, gre(0x0800, packet, key=77)), tunnel="gre 77")


@case("02-vxlan", 2, "A repeat inside VXLAN", "what is inside is judged; the outer identification says nothing",
      "RFC 7348")
def in_vxlan(s):
    """Two hosts carry the talk's frames in UDP with network 42, and one segment comes twice.

    as 02-qinq"""
    def wrap(packet, side, src, dst):
        frame = vxlan(42, ether(packet, src, dst))
        return outer(side, UDP, udp(OUTER[side], OUTER[1 - side], 49200 + side, 4789, frame))
    repeated(s, wrap, tunnel="vxlan 42")
