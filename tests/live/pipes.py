"""Captures that arrive through pipes: standard input and FIFOs."""
import os
import subprocess

from lab import SERVER, check, ended, listening, records, wait_for


def shell(lab, namespace, text):
    return lab.start(namespace, "bash", "-c", text)


def tcpdump_into_stdin(lab):
    """tcpdump -w - | sockeye -r -: the handshake is told while tcpdump still runs"""
    lab.listen(7101)
    ours, theirs = os.pipe()
    dump = lab.start(lab.client, "tcpdump", "-i", "wire0", "-n", "-U", "-Z", "root", "-w", "-", "tcp", stdout=theirs)
    eye = lab.start(lab.client, lab.program, "handshakes", "-l", "-r", "-", "-o", "json", stdin=ours)
    os.close(ours)
    os.close(theirs)
    wait_for("tcpdump to listen", 10, lambda: listening(dump))
    check(lab.connect(SERVER, 7101) == ["ok"], "no connection")
    os.set_blocking(eye.stdout.fileno(), False)
    said = bytearray()

    def complete():
        said.extend(eye.stdout.read() or b"")
        return b'"outcome":"complete"' in said

    wait_for("the record of the handshake", 3, complete)
    dump.terminate()
    dump.wait(5)
    wait_for("sockeye to end with its input", 5, lambda: eye.poll() is not None)
    check(eye.returncode == 0, f"exit {eye.returncode}:", eye.stderr.read().decode())


def same_as_file(lab):
    """a capture through a FIFO, in small pieces, gives the same bytes as the file"""
    fifo = os.path.join(lab.folder, "fifo")
    os.mkfifo(fifo)
    capture = "captures/handshakes.pcap"
    status, wanted, _ = ended(lab.start(None, lab.program, "handshakes", "-n", "-o", "json", capture))
    check(status == 0 and wanted, f"exit {status} for the file")
    for words in (f"dd if={capture} bs=97 status=none >{fifo} & exec {lab.program} handshakes -n -o json -r {fifo}",
                  f"dd if={capture} bs=1009 status=none | exec {lab.program} handshakes -n -o json -r -"):
        status, out, err = ended(shell(lab, None, words), 30)
        check(status == 0 and out == wanted, f"exit {status}: {words}", err)


def cut_pipe(lab):
    """a pipe that ends inside a record: everything before it is told, exit 3"""
    size = os.path.getsize("captures/handshakes.pcap")
    status, out, err = ended(shell(lab, None, f"head -c {size - 7} captures/handshakes.pcap | {lab.program} connections -o json -r -"))
    check(status == 3 and records(out, "connection"), f"exit {status}:", err)
    check("byte" in err or "packet" in err, "no position in:", err)
    check(records(out, "file")[0]["complete"] is False, "file record:", records(out, "file"))


def no_bytes(lab):
    """an empty pipe is not a capture: a sentence, exit 1"""
    status, out, err = ended(lab.start(None, lab.program, "connections", "-r", "-", stdin=subprocess.DEVNULL))
    check(status == 1 and not out and len(err.splitlines()) == 1, f"exit {status}:", out, err)


TESTS = [tcpdump_into_stdin, same_as_file, cut_pipe, no_bytes]
