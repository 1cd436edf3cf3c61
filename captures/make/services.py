"""More applications, known by what they say: a file each, and what a name in later segments needs.

mdns      a question for one answer, a probe with its record, an announcement that replaces what is cached, a browser's
          question with known answers, over IPv6; legacy: from another port, answered directly; then a resolver
          on port 5353 (it is asked for recursion: dns), and bytes that are none
llmnr     question and answer, IPv4 and IPv6, a conflict; a name server's answer on port 5355 (dns); an answer to a question
          with two questions in it (none)
dhcp      DISCOVER, OFFER, REQUEST, ACK; NAK with a text; INFORM; RELEASE; a relayed one; BOOTP without a message type (none);
          an option longer than the datagram
dhcpv6    Solicit, Advertise, Request, Reply with address and prefix; Relay-forward; options that do not fill the datagram (none)
ntp       client and server, version 4 and 3; kiss of death; broadcast; symmetric; control; on port 1234: an SNTP client of
          zeros (ntp) and 48 bytes that only look so (none)
http2     preface and SETTINGS with prior knowledge on 80 and 8080; a server's first frames alone; the preface in
          two segments; GOAWAY; zeros that look like an empty SETTINGS frame (none)
smtp      ESMTP on 25 and 2525, STARTTLS and TLS; a greeting without a word, known by EHLO, by 250; a greeting in three segments;
          a server that says 554
ftp       on 21 and 2121; a greeting without a word, known by USER, by 331; AUTH TLS; passive mode; a host named smtp.example.org
          that is an FTP server; 220 of something else (none)
pop       greeting with its name, with a time stamp, without either; STLS; CAPA alone
imap      greeting with its name, without; STARTTLS; a tag that is none
sip       REGISTER, INVITE, 100, 180, 200, ACK, BYE over UDP; OPTIONS over TCP; short header names; on port 5070; a request for
          http: (none)
redis     arrays of bulk strings, replies of all kinds, inline PING; PING of something else (none); an array of something else (none)
pgsql     SSL refused, startup, MD5, a query, an error; SSL accepted and TLS; cancel; a startup message without a user (none)
mysql     greeting, login, query, error; a refusal; SSL; a greeting with a wrong length (none)
tls-sni-segments  ClientHellos of 1.5 KB and more whose name comes last: in two segments, in three backwards, with the first one
          repeated, with lying copies in an overlap, after a keep-alive, in 100-byte segments, with a hole that stays (no name),
          5 KB with the name behind the first 4 KB (no name); both directions interleaved; an HTTP Host in the second
          segment; a method cut in two
tls-many-at-once  twenty-four clients open their connections, then each sends the first half of its ClientHello, then each the second;
          twenty-four likewise with the head of an HTTP request
"""
from applications import A, B, Scene
from pcapgen import *


def group(s, src, dst, payload, sport, dport=None):
    s.t += 10 * MS
    s.frames.append((s.t, s.wrap(udp_packet(src, dst, sport, dport or sport, payload, ttl=255), 0)))


def mdns():
    s, flush = Scene(), 0x8001
    v4, v6, own, other = "224.0.0.251", "ff02::fb", "192.0.2.11", "fe80::11"

    def question(name, kind, top=1):
        return dns_name(name) + struct.pack("!HH", kind, top)

    def record(name, kind, data, top=1, ttl=120):
        return dns_name(name) + struct.pack("!HHIH", kind, top, ttl, len(data)) + data

    def message(flags, questions=(), answers=(), authority=(), extra=(), ident=0):
        return struct.pack("!6H", ident, flags, len(questions), len(answers), len(authority), len(extra)) + b"".join(
            (*questions, *answers, *authority, *extra))

    a = ip("192.0.2.12")
    group(s, own, v4, message(0, [question("printer.local", 1, flush), question("printer.local", 28)]), 5353)
    group(s, "192.0.2.12", v4, message(0x8400, (), [record("printer.local", 1, a, flush)]), 5353)
    group(s, "192.0.2.12", v4, message(0, [question("new.local", 255, flush)], (), [record("new.local", 1, a)]), 5353)
    group(s, own, v4, message(0, [question("_ipp._tcp.local", 12)], [record("_ipp._tcp.local", 12, dns_name("Old._ipp._tcp.local"), ttl=4000)]), 5353)
    group(s, "192.0.2.12", v4, message(0x8400, (), [
        record("_ipp._tcp.local", 12, dns_name("Laser 2._ipp._tcp.local"), ttl=4500)], (), [
        record("Laser 2._ipp._tcp.local", 33, struct.pack("!HHH", 0, 0, 631) + dns_name("printer.local"), flush),
        record("Laser 2._ipp._tcp.local", 16, b"\x09txtvers=1\x0brp=ipp/main", flush)]), 5353)
    group(s, other, v6, message(0, [question("host.local", 28)]), 5353)
    group(s, other, v6, message(0x8400, (), [record("host.local", 28, ip("fe80::11"), flush)]), 5353)
    group(s, own, v4, message(0x0200, (), [record("more.local", 1, a)]), 5353)  # known answers that go on
    group(s, own, v4, message(0, [question("legacy.local", 1)], ident=77), 40001, 5353)
    group(s, "192.0.2.12", own, message(0x8400, [question("legacy.local", 1)], [record("legacy.local", 1, a, ttl=10)], ident=77), 5353, 40001)
    group(s, own, B, dns_query(0x3001, "example.org"), 40002, 5353)
    group(s, B, own, dns_answer(0x3001, "example.org", 1, [dns_record(b"\xc0\x0c", 1, 60, a)]), 5353, 40002)
    group(s, own, v4, message(0x8400, (), [record("cut.local", 1, a)[:-2]]), 5353)   # malformed, in the group
    group(s, own, B, noise("not mdns", 60), 40003, 5353)
    write_pcap("mdns.pcap", s.frames)


def llmnr():
    s = Scene()
    a, six = ip("192.0.2.12"), ip("fe80::12")
    group(s, "192.0.2.11", "224.0.0.252", dns_query(0x4001, "fileserver", flags=0), 40001, 5355)
    group(s, "192.0.2.12", "192.0.2.11", dns_answer(0x4001, "fileserver", 1, [dns_record(b"\xc0\x0c", 1, 30, a)], 0x8000), 5355, 40001)
    group(s, "fe80::11", "ff02::1:3", dns_query(0x4002, "fileserver", 28, flags=0), 40002, 5355)
    group(s, "fe80::12", "fe80::11", dns_answer(0x4002, "fileserver", 28, [dns_record(b"\xc0\x0c", 28, 30, six)], 0x8000), 5355, 40002)
    group(s, "192.0.2.13", "192.0.2.11", dns_answer(0x4001, "fileserver", 1, [dns_record(b"\xc0\x0c", 1, 30, ip("192.0.2.13"))], 0x8400), 5355, 40001)
    group(s, "192.0.2.11", B, dns_query(0x4003, "example.org"), 40003, 5355)
    group(s, B, "192.0.2.11", dns_answer(0x4003, "example.org", 1, [dns_record(b"\xc0\x0c", 1, 60, a)]), 5355, 40003)
    two = struct.pack("!6H", 0x4004, 0, 2, 0, 0, 0) + 2 * (dns_name("two") + struct.pack("!HH", 1, 1))
    group(s, "192.0.2.11", "224.0.0.252", two, 40004, 5355)
    write_pcap("llmnr.pcap", s.frames)


def dhcp():
    s = Scene()
    zero = "0.0.0.0"

    def option(kind, data):
        return bytes([kind, len(data)]) + data

    def message(kind, *options, op=1, yours=zero, client=zero, relay=zero, end=b"\xff", who="client", xid=0x51515151):
        head = struct.pack("!BBBBIHH", op, 1, 6, 1 if relay != zero else 0, xid, 0, 0x8000)
        head += ip(client) + ip(yours) + ip(zero) + ip(relay) + mac_of(who) + b"\0" * 202 + b"\x63\x82\x53\x63"
        out = head + (option(53, bytes([kind])) if kind else b"") + b"".join(options) + end
        return out + b"\0" * max(0, 300 - len(out))

    def send(payload, src=zero, dst="255.255.255.255", sport=68, dport=67):
        group(s, src, dst, payload, sport, dport)

    host, wanted = option(12, b"laptop-7"), option(50, ip("192.0.2.77"))
    server, lease = option(54, ip("192.0.2.1")), option(51, struct.pack("!I", 86400))
    net = option(1, ip("255.255.255.0")) + option(3, ip("192.0.2.1")) + option(6, ip("192.0.2.53") + ip("192.0.2.54")) + option(15, b"example.org")
    send(message(1, host, wanted, option(55, b"\x01\x03\x06\x0f"), option(60, b"MSFT 5.0")))
    send(message(2, server, lease, net, op=2, yours="192.0.2.77"), "192.0.2.1", "255.255.255.255", 67, 68)
    send(message(3, host, wanted, server))
    send(message(5, server, lease, net, op=2, yours="192.0.2.77"), "192.0.2.1", "255.255.255.255", 67, 68)
    send(message(6, server, option(56, b"not on this net\x1b[2J"), op=2), "192.0.2.1", "255.255.255.255", 67, 68)
    send(message(8, client="192.0.2.77"), "192.0.2.77", "192.0.2.1")
    send(message(7, server, client="192.0.2.77"), "192.0.2.77", "192.0.2.1")
    send(message(1, b"\0\0\0", host, relay="198.51.100.1", who="far"), "198.51.100.1", "192.0.2.1", 67, 67)
    send(message(0, host), sport=1068, dport=1067)
    send(message(3, end=b"\x0c\xf0abc" + b"\0" * 40, who="long"), "192.0.2.78", "192.0.2.1")
    write_pcap("dhcp.pcap", s.frames)


def dhcpv6():
    s = Scene()

    def option(kind, data):
        return struct.pack("!HH", kind, len(data)) + data

    def message(kind, *options, xid=0xABCDEF):
        return struct.pack("!I", kind << 24 | xid) + b"".join(options)

    client = option(1, b"\0\x01\0\x01" + b"\x2a\xbb\xcc\xdd" + mac_of("client"))
    server = option(2, b"\0\x03\0\x01" + mac_of("server"))
    address = option(5, ip("2001:db8:1::77") + struct.pack("!II", 3600, 7200))
    prefix = option(26, struct.pack("!IIB", 3600, 7200, 56) + ip("2001:db8:77::"))
    na, pd = struct.pack("!III", 1, 1800, 2880), struct.pack("!III", 2, 1800, 2880)
    own, them, servers = "fe80::77", "fe80::1", "ff02::1:2"
    group(s, own, servers, message(1, client, option(8, b"\0\0"), option(3, na), option(6, b"\0\x17\0\x18")), 546, 547)
    group(s, them, own, message(2, client, server, option(3, na + address)), 547, 546)
    group(s, own, servers, message(3, client, server, option(3, na + address), option(25, pd)), 546, 547)
    group(s, them, own, message(7, client, server, option(3, na + address), option(25, pd + prefix), option(23, ip("2001:db8::53") + ip("2001:db8::54"))), 547, 546)
    group(s, them, own, message(7, client, server, option(13, b"\0\x06no prefix")), 547, 546)
    relayed = b"\x0c\0" + ip("2001:db8:9::1") + ip("fe80::99") + option(9, message(1, client)) + option(18, b"port 7")
    group(s, "2001:db8:9::1", "2001:db8::1", relayed, 547, 547)
    group(s, own, servers, message(1, client)[:-3], 546, 547)
    group(s, own, servers, message(1, client) + b"\0\x01\0", 546, 547)
    write_pcap("dhcpv6.pcap", s.frames)


def ntp():
    s, at = Scene(), START // S + 2208988800

    def message(mode, version=4, stratum=0, leap=0, poll=6, precision=-20, delay=0, dispersion=0, ref=b"\0\0\0\0", stamps=(0, 0, 0, 0), more=b""):
        head = struct.pack("!BBBbII4s", leap << 6 | version << 3 | mode, stratum, poll, precision, delay, dispersion, ref)
        return head + b"".join(struct.pack("!Q", x) for x in stamps) + more

    now = at << 32 | 0x80000000
    c = message(3, stamps=(0, 0, 0, now))
    r = message(4, stratum=2, delay=0x0300, dispersion=0x0180, ref=ip("192.0.2.9"), stamps=(now - (30 << 32), now, now + 0x01000000, now + 0x01010000))
    s.send(c, 123)
    s.send(r, 123, side=1)
    s.send(message(3, version=3, stamps=(0, 0, 0, now)), 123)
    s.send(message(4, version=3, stratum=1, ref=b"GPS\0", stamps=(now - (5 << 32), now, now + 0x02000000, now + 0x02010000), more=b"\0\0\0\x01" + noise("mac", 16)), 123, side=1)
    s.send(message(4, leap=3, ref=b"RATE", stamps=(0, now, now, now)), 123, side=1, new=False)
    group(s, A, "224.0.1.1", message(5, stratum=1, ref=b"PPS\0", stamps=(now, 0, 0, now)), 123)
    group(s, A, B, message(1, stratum=3, ref=ip("192.0.2.9"), stamps=(now, now, now, now)), 123)
    group(s, A, B, b"\x16\x02\0\1\0\0\0\0\0\0\0\0", 123)
    s.send(b"\x1b" + b"\0" * 47, 1234)
    s.send(message(4, stratum=3, delay=0x0300, ref=ip("192.0.2.9"), stamps=(now, 0, now, (at + (1 << 31)) << 32 & (1 << 64) - 1)), 1234, side=1)
    s.send(b"\x1b\x01" + noise("ntp no", 46), 1234)
    s.send(b"\x24" + noise("ntp never", 47), 1235)
    write_pcap("ntp.pcap", s.frames)


def http2_frame(kind, flags, stream, payload=b""):
    return struct.pack("!I", len(payload))[1:] + struct.pack("!BBI", kind, flags, stream) + payload


def http2():
    s, magic = Scene(), b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
    f = http2_frame
    mine = f(4, 0, 0, struct.pack("!HIHI", 3, 100, 4, 65535)) + f(8, 0, 0, struct.pack("!I", 983041))
    get, found = f(1, 5, 1, bytes.fromhex("828684418aa0e41d139d09b8f01e07")), f(1, 4, 1, b"\x88\x5f\x87\x35\x23\x98\xac\x57\x54\xdf") + f(0, 1, 1, b"hello, frames")
    for port in (80, 8080):
        s.talk(port, (0, magic + mine), (1, f(4, 0, 0, struct.pack("!HI", 5, 16384)) + f(4, 1, 0)), (0, f(4, 1, 0) + get), (1, found),
               (0, f(7, 0, 0, struct.pack("!II", 0, 0))))
    s.talk(8081, (1, f(4, 0, 0) + f(8, 0, 0, struct.pack("!I", 1048576))), (0, b"?"))
    s.talk(8082, (0, magic[:10]), (0, magic[10:] + mine), (1, f(4, 0, 0, struct.pack("!HI", 3, 128))))
    s.talk(8083, (1, b"\0\0\0\x04\0\0\0\0\0"), (0, b"\0" * 40), (1, b"\0" * 40))
    s.talk(8084, (1, f(4, 0, 0, struct.pack("!HI", 2, 7))))  # push is 0 or 1
    write_pcap("http2.pcap", s.frames)


def smtp():
    s = Scene()
    hello = tls_client_hello("mail.example.org", alpn=())
    for port in (25, 2525):
        s.talk(port, "S: 220 mail.example.org ESMTP Postfix", "C: EHLO client.example.net", "S: 250-mail.example.org\r\n250-SIZE 10240000\r\n250 STARTTLS",
               "C: MAIL FROM:<a@example.net>\r\nRCPT TO:<b@example.org>", "S: 250 2.1.0 Ok\r\n250 2.1.5 Ok", "C: DATA", "S: 354 End data with <CR><LF>.<CR><LF>",
               "C: Subject: hello\r\n\r\nHELP me\r\n.", "S: 250 2.0.0 Ok: queued", "C: QUIT", "S: 221 2.0.0 Bye")
    s.talk(587, "S: 220 mail.example.org ESMTP", "C: EHLO [192.0.2.10]", "S: 250-mail.example.org\r\n250 STARTTLS", "C: STARTTLS", "S: 220 2.0.0 Ready to start TLS",
           (0, hello), (1, tls_server_hello() + CHANGE_CIPHER_SPEC + tls_data(300)))
    s.talk(25, "S: 220 smtp.example.org ready", "C: EHLO client.example.net", "S: 250 smtp.example.org")
    s.talk(25, "S: 220 mx.example.org ready", "S: 250 mx.example.org", "S: 250 Ok")  # only the server was captured
    s.talk(25, (1, b"220-Welcome"), (1, b" to example.org\r\n220 mail.example.org "), (1, b"ESMTP\r\n"), "C: QUIT")
    s.talk(25, "S: 554 mail.example.org ESMTP not accepting messages", "C: QUIT")
    s.talk(25, "S: 220 ev\x1b[31mil.example.org ESMTP", "C: HELO \x9b2J", "S: 250 ok")
    write_pcap("smtp.pcap", s.frames)


def ftp():
    s = Scene()
    for port in (21, 2121):
        s.talk(port, "S: 220 (vsFTPd 3.0.3)", "C: USER anonymous", "S: 331 Please specify the password.", "C: PASS guest@example.net", "S: 230 Login successful.",
               "C: PASV", "S: 227 Entering Passive Mode (198,51,100,20,195,80).", "C: RETR readme.txt", "S: 150 Opening BINARY mode data connection.", "S: 226 Transfer complete.", "C: QUIT")
    s.talk(21, "S: 220 Welcome to files.example.org", "C: USER bob", "S: 331 Password required", "C: PASS x")
    s.talk(21, "S: 220 files.example.org ready", "S: 331 Password required", "S: 230 ok")  # only the server was captured
    s.talk(21, "S: 220 FileZilla Server 1.8", "C: AUTH TLS", "S: 234 Using authentication type TLS.", (0, tls_client_hello(None, alpn=())))
    s.talk(21, "S: 220 smtp.example.org FTP server ready", "C: USER bob", "S: 331 ok")
    s.talk(21, "S: 220-Hello\r\n two lines\r\n220 FTP service", "C: FEAT", "S: 211-Features:\r\n MDTM\r\n SIZE\r\n211 End")
    k = Conversation(s.frames, (A, 47900), (B, 21), seed="late ftp", wrap=s.wrap)
    k.ask(s.t + 2 * S, b"PORT 192,0,2,10,195,81\r\n", b"200 PORT command successful.\r\n", 10 * MS)
    s.talk(7777, "S: 220 ready when you are", "C: HELLO there", "S: 220 yes")
    s.talk(7778, "C: USER alone", "S: what?")
    write_pcap("ftp.pcap", s.frames)


def pop():
    s = Scene()
    s.talk(110, "S: +OK POP3 server ready", "C: USER bob", "S: +OK", "C: PASS secret", "S: +OK Logged in.", "C: STAT", "S: +OK 2 320", "C: RETR 1",
           "S: +OK 120 octets\r\nSubject: hello\r\n\r\nbody\r\n.", "C: QUIT", "S: +OK Bye")
    s.talk(1110, "S: +OK <1896.697170952@dbc.example.org>", "C: APOP mrose c4c9334bac560ecc979e58001b3e22fb", "S: +OK maildrop has 1 message (369 octets)")
    s.talk(110, "S: +OK Dovecot ready.", "C: USER bob", "S: -ERR [AUTH] Authentication failed.")
    s.talk(110, "S: +OK ready", "C: STLS", "S: +OK Begin TLS", (0, tls_client_hello("pop.example.org", alpn=())), (1, tls_server_hello()))
    s.talk(110, "S: +OK hello", "C: CAPA", "S: +OK\r\nUSER\r\nSTLS\r\n.")
    s.talk(7777, "S: +OK fine", "C: go", "S: +OK gone")
    write_pcap("pop.pcap", s.frames)


def imap():
    s = Scene()
    s.talk(143, "S: * OK [CAPABILITY IMAP4rev1 STARTTLS] ready", "C: a1 LOGIN bob secret", "S: a1 OK Logged in", "C: a2 SELECT INBOX",
           "S: * 3 EXISTS\r\n* 0 RECENT\r\na2 OK [READ-WRITE] done", "C: a3 FETCH 1 BODY[]", "S: * 1 FETCH (BODY[] {12}\r\nhello world\r\n)\r\na3 OK", "C: a4 LOGOUT", "S: * BYE\r\na4 OK")
    s.talk(1143, "S: * OK Dovecot ready.", "C: tag01 LOGIN bob secret", "S: tag01 NO failed")
    s.talk(143, "S: * OK hello", "C: . STARTTLS", "S: . OK begin", (0, tls_client_hello("imap.example.org", alpn=())), (1, tls_server_hello()))
    s.talk(143, "S: * PREAUTH IMAP4rev2 welcome", "C: 1 ID NIL", "S: * ID NIL\r\n1 OK")
    s.talk(7777, "S: * OK go ahead", "C: a(1 LOGIN x y", "S: * no")
    write_pcap("imap.pcap", s.frames)


def sip():
    s = Scene()

    def message(first, *headers, body=""):
        lines = [first, *headers, f"Content-Length: {len(body)}", "", body]
        return "\r\n".join(lines).encode()

    common = ("Via: SIP/2.0/UDP 192.0.2.10:5060;branch=z9hG4bK776", "From: Alice <sip:alice@example.org>;tag=1928", "To: Bob <sip:bob@example.org>",
              "Call-ID: a84b4c76e66710@192.0.2.10", "CSeq: 314159 INVITE")
    bye = common[:4] + ("CSeq: 314160 BYE",)
    sdp = "v=0\r\no=alice 1 1 IN IP4 192.0.2.10\r\ns=-\r\n"
    for port in (5060, 5070):
        s.send(message("REGISTER sip:example.org SIP/2.0", *common[:4], "CSeq: 1 REGISTER", "User-Agent: phone/1.0"), port)
        s.send(message("SIP/2.0 200 OK", *common[:4], "CSeq: 1 REGISTER"), port, side=1)
        s.send(message("INVITE sip:bob@example.org SIP/2.0", *common, "Contact: <sip:alice@192.0.2.10>", "Content-Type: application/sdp", body=sdp), port, new=False)
        for status in ("100 Trying", "180 Ringing", "200 OK"):
            s.send(message("SIP/2.0 " + status, *common), port, side=1)
        s.send(message("ACK sip:bob@198.51.100.20 SIP/2.0", *common[:4], "CSeq: 314159 ACK"), port, new=False)
        s.send(message("BYE sip:bob@198.51.100.20 SIP/2.0", *bye), port, new=False)
        s.send(message("SIP/2.0 481 Call/Transaction Does Not Exist", *bye), port, side=1)
    s.send(message("NOTIFY tel:+4912345 SIP/2.0", "v: SIP/2.0/UDP h", "f: <sip:a@b>", "t: <sip:c@d>", "i: short\x1b[1m", "CSeq: 1 NOTIFY"), 5060)
    s.send(message("OPTIONS http://example.org SIP/2.0", *common), 5060)
    s.send(message("SIP/3.0 200 OK", *common), 5060)
    s.ask(5060, (message("OPTIONS sip:example.org SIP/2.0", *common[:4], "CSeq: 2 OPTIONS"), message("SIP/2.0 405 Method Not Allowed", *common[:4], "CSeq: 2 OPTIONS")))
    write_pcap("sip.pcap", s.frames)


def redis():
    s = Scene()

    def command(*words):
        return f"*{len(words)}\r\n".encode() + b"".join(b"$%d\r\n%s\r\n" % (len(w), w) for w in (x.encode() for x in words))

    s.talk(6379, (0, command("CLIENT", "SETNAME", "app")), "S: +OK", (0, command("GET", "user:1")), (1, b"$5\r\nhello\r\n"), (0, command("GET", "none")), (1, b"$-1\r\n"),
           (0, command("INCR", "n")), "S: :42", (0, command("LRANGE", "l", "0", "-1")), (1, b"*2\r\n$1\r\na\r\n$1\r\nb\r\n"), (0, command("FOO")), "S: -ERR unknown command 'FOO'",
           (0, b"PING\r\n"), "S: +PONG")
    s.talk(16379, (0, b"PING\r\n"), "S: +PONG", (0, command("SET", "k", "\x1b[31m")), "S: +OK")
    s.talk(6379, (0, command("HELLO", "3")), (1, b"%1\r\n$6\r\nserver\r\n$5\r\nredis\r\n"))
    s.talk(6379, (0, command("SET", "big", "x" * 3000)[:1400]), (0, command("SET", "big", "x" * 3000)[1400:]), "S: +OK")
    s.talk(3310, (0, b"PING\r\n"), "S: PONG")
    s.talk(6380, (0, b"*2\r\n+GET\r\n+x\r\n"), "S: -ERR")
    s.talk(6381, (0, b"*1\r\n$4\r\n\x01\x02\x03\x04\r\n"), "S: -ERR")
    write_pcap("redis.pcap", s.frames)


def pgsql():
    s = Scene()

    def start(*pairs, version=0x30000):
        body = struct.pack("!I", version) + b"".join(x.encode() + b"\0" for pair in pairs for x in pair) + b"\0"
        return struct.pack("!I", len(body) + 4) + body

    def message(kind, body=b""):
        return kind + struct.pack("!I", len(body) + 4) + body

    ssl, user = struct.pack("!II", 8, 80877103), (("user", "app"), ("database", "shop"), ("application_name", "psql"))
    ready = message(b"S", b"server_version\0" + b"15.5\0") + message(b"K", b"\0\0\0\x07\0\0\0\x09") + message(b"Z", b"I")
    s.talk(5432, (0, ssl), (1, b"N"), (0, start(*user)), (1, message(b"R", struct.pack("!I", 5) + b"salt")), (0, message(b"p", b"md5" + b"0" * 32 + b"\0")),
           (1, message(b"R", struct.pack("!I", 0)) + ready), (0, message(b"Q", b"select 1\0")),
           (1, message(b"T", b"\0\x01c\0" + b"\0" * 18) + message(b"D", b"\0\x01\0\0\0\x011") + message(b"C", b"SELECT 1\0") + message(b"Z", b"I")),
           (0, message(b"Q", b"selec\0")), (1, message(b"E", b"SERROR\0C42601\0Msyntax error at or near \"selec\"\0\0") + message(b"Z", b"I")), (0, message(b"X")))
    s.talk(15432, (0, start(*user)), (1, message(b"R", struct.pack("!I", 10) + b"SCRAM-SHA-256\0\0")))
    s.talk(5432, (0, ssl), (1, b"S"), (0, tls_client_hello("db.example.org", alpn=())), (1, tls_server_hello()))
    s.talk(5432, (0, struct.pack("!IIII", 16, 80877102, 7, 9)))
    s.talk(5432, (0, start(("database", "shop"))), (1, b"E"))
    s.talk(5432, (0, start(*user) + b"x"), (1, b"E"))
    write_pcap("pgsql.pcap", s.frames)


def mysql():
    s = Scene()

    def packet(number, body):
        return struct.pack("<I", len(body))[:3] + bytes([number]) + body

    def greeting(version=b"8.0.36-0ubuntu0.22.04.1"):
        return (b"\x0a" + version + b"\0" + struct.pack("<I", 17) + noise("salt", 8) + b"\0" + struct.pack("<HBHHB", 0xFFFF, 255, 2, 0xDFFF, 21)
                + b"\0" * 10 + noise("more salt", 12) + b"\0caching_sha2_password\0")

    def login(caps=0x0008A28D, user=b"app", schema=b"shop"):
        return struct.pack("<IIB", caps, 1 << 24, 45) + b"\0" * 23 + user + b"\0" + b"\x14" + noise("answer", 20) + schema + b"\0mysql_native_password\0"

    ok = b"\0\0\0\x02\0\0\0"
    for port in (3306, 13306):
        s.talk(port, (1, packet(0, greeting())), (0, packet(1, login())), (1, packet(2, ok)), (0, packet(0, b"\x03select now()")),
               (1, packet(1, b"\x01") + packet(2, noise("column", 30)) + packet(3, b"\xfe\0\0\x02\0")), (0, packet(0, b"\x03selec")),
               (1, packet(1, b"\xff\x28\x04#42000You have an error in your SQL syntax")), (0, packet(0, b"\x01")))
    s.talk(3306, (1, packet(0, b"\xff\x69\x04Host '192.0.2.10' is blocked because of many connection errors")))
    s.talk(3306, (1, packet(0, greeting(b"5.5.5-10.11.6-MariaDB"))), (0, packet(1, struct.pack("<IIB", 0x0008AA8D, 1 << 24, 45) + b"\0" * 23)), (0, tls_client_hello(None, alpn=())), (1, tls_server_hello()))
    s.talk(3306, (1, packet(0, greeting())[:-1]), (0, b"no"))
    s.talk(3306, (1, packet(0, greeting()) + b"x"), (0, b"no"))
    write_pcap("mysql.pcap", s.frames)


def tls_sni_segments():
    s = Scene()
    hello = lambda name, share=1216: tls_client_hello(name, share=share, seed=name)

    def segments(port, bytes_, *pieces, answer=None, keep_alive=False):
        """pieces: (from, to) or (from, to, other bytes), in the order in which the capture saw them."""
        k, t = s.open(port)
        start = k.next[0]
        if keep_alive:
            t = k.packet(t + 1 * MS, 0, ACK, b"\0", seq=start - 1)
        for first, last, *lie in pieces:
            t = k.packet(t + 1 * MS, 0, PSH | ACK, (lie[0] if lie else bytes_)[first:last], seq=start + first)
        k.next[0] = (start + len(bytes_)) & 0xFFFFFFFF
        k.s(t + 5 * MS, PSH | ACK, answer or tls_server_hello() + CHANGE_CIPHER_SPEC + tls_data(100))
        k.close(t + 10 * MS, 10 * MS)

    h = hello("two.example.org")
    segments(443, h, (0, 1300), (1300, len(h)))
    h = hello("three-backwards.example.org")
    segments(443, h, (1200, len(h)), (600, 1200), (0, 600))
    h = hello("repeated.example.org")
    segments(443, h, (0, 800), (0, 800), (800, len(h)), (0, 800))
    h = hello("second-first.example.org")
    segments(8443, h, (1000, len(h)), (0, 1000))
    h, lie = hello("true.example.org"), hello("liar.example.org")
    segments(443, h, (0, 1000), (1200, len(h)), (900, len(h), lie))
    h = hello("keep-alive.example.org")
    segments(443, h, (0, 1300), (1300, len(h)), keep_alive=True)
    h = hello("hundreds.example.org")
    segments(443, h, *((i, min(i + 100, len(h))) for i in range(0, len(h), 100)))
    h = hello("hole.example.org")
    segments(443, h, (0, 500), (700, len(h)))
    h = hello("five.example.org", share=4500)
    segments(443, h, (0, 1400), (1400, 2800), (2800, 4200), (4200, len(h)))
    h = hello("three-and-a-half.example.org", share=3400)
    segments(443, h, (2800, len(h)), (1400, 2800), (0, 1400))
    h = hello("long-way-after.example.org") + tls_data(2000)
    segments(443, h, (0, 300), (300, 1500), (1500, len(h)))

    k, t = s.open(443)  # backwards, and the server's answer between
    h = hello("answered-between.example.org")
    at = k.next[0]
    t = k.packet(t + 1 * MS, 0, PSH | ACK, h[700:], seq=at + 700)
    t = k.s(t + 1 * MS, PSH | ACK, tls_server_hello() + CHANGE_CIPHER_SPEC)
    t = k.packet(t + 1 * MS, 0, PSH | ACK, h[:700], seq=at)
    k.next[0] = (at + len(h)) & 0xFFFFFFFF
    k.close(t + 5 * MS, 10 * MS)

    k, t = s.open(443)  # the server's answer is captured before the hello's second half
    h = hello("answered-early.example.org")
    t = k.c(t + 1 * MS, PSH | ACK, h[:1000])
    t = k.s(t + 1 * MS, PSH | ACK, tls_server_hello() + CHANGE_CIPHER_SPEC)
    t = k.c(t + 1 * MS, PSH | ACK, h[1000:])
    k.close(t + 5 * MS, 10 * MS)

    ok = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
    request = b"GET /" + b"a" * 300 + b" HTTP/1.1\r\nUser-Agent: x\r\nHost: second.example.org\r\n\r\n"
    segments(80, request, (0, 330), (330, len(request)), answer=ok)
    request = b"GET / HTTP/1.1\r\nHost: cut-line.example.org\r\n\r\n"
    segments(80, request, (0, 9), (9, len(request)), answer=ok)
    segments(80, request.replace(b"cut-line", b"backward"), (20, len(request)), (0, 20), answer=ok)
    write_pcap("tls-sni-segments.pcap", s.frames)


def tls_many_at_once():
    s = Scene()
    for port in (443, 80):
        open_, t = [], 0
        for i in range(24):
            k, t = s.open(port)
            name = f"client-{i}.example.org"
            open_.append((k, tls_client_hello(name, share=1216, seed=name) if port == 443 else
                          b"GET / HTTP/1.1\r\nUser-Agent: " + b"x" * 900 + b"\r\nHost: " + name.encode() + b"\r\n\r\n"))
        for half in (slice(0, 900), slice(900, None)):
            for k, said in open_:
                t = k.c(t + 1 * MS, PSH | ACK, said[half])
    write_pcap("tls-many-at-once.pcap", s.frames)


for part in (mdns, llmnr, dhcp, dhcpv6, ntp, http2, smtp, ftp, pop, imap, sip, redis, pgsql, mysql, tls_sni_segments, tls_many_at_once):
    part()
