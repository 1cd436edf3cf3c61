"""zeek-*.pcap: what Zeek's conn.log tells apart.

zeek-states   one connection each, ports from 47000: SYN then RST of the client (RSTOS0); SYN/ACK then RST (RSTRH); SYN/ACK then FIN (SHR);
              SYN then FIN (SH); FIN and RST in one packet; SYN and RST in one; RST after RST with other numbers; a SYN with window 0;
              data of the server, then its SYN/ACK (the client was guessed wrong)
zeek-tens     one connection: the same segment twelve times, ten zero windows, eleven gaps that are ACKed
"""
from pcapgen import *

A, B = "192.0.2.10", "198.51.100.20"


class Scene:
    def __init__(self):
        self.frames = []

    def put(self, t, client, port, seq, ack, flags, payload=b"", window=64240):
        ends, ports = ((A, B), (port, 80)) if client else ((B, A), (80, port))
        self.frames.append((t, ether(network(*ends, TCP, tcp(*ends, *ports, seq, ack, flags, payload, window=window)))))


def states():
    s = Scene()
    stories = (
        ((True, 1000, 0, SYN), (True, 1001, 0, RST)),
        ((False, 5000, 1001, SYN | ACK), (False, 5001, 0, RST)),
        ((False, 5000, 1001, SYN | ACK), (False, 5001, 1001, FIN | ACK)),
        ((True, 1000, 0, SYN), (True, 1001, 1, FIN | ACK)),
        ((True, 1000, 0, SYN), (False, 5000, 1001, SYN | ACK), (True, 1001, 5001, ACK), (True, 1001, 5001, FIN | RST)),
        ((True, 1000, 0, SYN), (False, 5000, 1001, SYN | ACK), (True, 1000, 0, SYN | RST)),
        ((True, 1000, 0, SYN), (False, 5000, 1001, SYN | ACK), (True, 1001, 5001, ACK), (False, 5001, 0, RST),
         (False, 5001, 0, RST), (False, 5601, 0, RST)),
        ((True, 1000, 0, SYN, b"", 0), (False, 5000, 1001, SYN | ACK), (True, 1001, 5001, ACK)),
        ((False, 5001, 1001, ACK, b"late"), (False, 5000, 1001, SYN | ACK), (True, 1001, 5005, ACK)),
    )
    for n, story in enumerate(stories):
        for i, (client, seq, ack, flags, *more) in enumerate(story):
            s.put(START + n * S + i * 20 * MS, client, 47000 + n, seq, ack, flags, *more)
    write_pcap("zeek-states.pcap", s.frames)


def tens():
    s = Scene()
    t = START
    s.put(t, True, 47100, 1000, 0, SYN)
    s.put(t + MS, False, 47100, 5000, 1001, SYN | ACK)
    s.put(t + 2 * MS, True, 47100, 1001, 5001, ACK)
    for i in range(13):
        s.put(t + (10 + i) * MS, True, 47100, 1001, 5001, ACK, noise("zeek tens", 100))
    for i in range(10):
        s.put(t + (30 + i) * MS, False, 47100, 5001, 1101, ACK, window=0)
    for i in range(11):  # 40 bytes are missing before each
        s.put(t + (50 + 2 * i) * MS, True, 47100, 1141 + 50 * i, 5001, ACK, noise(f"zeek ten {i}", 10))
        s.put(t + (51 + 2 * i) * MS, False, 47100, 5001, 1151 + 50 * i, ACK)
    write_pcap("zeek-tens.pcap", s.frames)


states()
tens()
