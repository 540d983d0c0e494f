#!/usr/bin/python3
"""An SMTP server for tests, on 127.0.0.1, that breaks off, lies or falls silent at any byte.

    fault_server.py --plan FILE --ports FILE --journal FILE [--cert FILE --key FILE]

--plan is a JSON object: name of a listener -> its options. Each listener gets a
port of its own; --ports is written as name -> port. Prints "READY port=NNN" (of
the first one) once all listen, and ends when its standard input ends.

    faults  list of "phase-fault": the first connection suffers the first, and
            so on; each carries one e-mail at most, and when the list is over
            nobody listens any more. Without it connections are served as they come
    tls     "starttls": offered; "smtps": from the start; default: none
    auth    true: AUTH PLAIN is offered and everything is let in

On a listener without faults the local part of the recipient may name one:
rcpt-close@..., dot-reset@..., anything else is served well.

Phases: connect (before anything), banner, ehlo, starttls (its reply), tls (the
handshake), auth (the reply to the credentials), mail, rcpt, data, body (the first
bytes of the message are read, no more), gap (all but the final dot is read), dot,
reply (half of the 250 to the dot is said), rest (after that reply, before the next
command).

Faults:
    refuse   nobody listens (connect)
    close    the end of the stream
    reset    a TCP reset
    hang     nothing more is said, read or acknowledged, until the client goes
             (connect: not even the connection)
    half     the first half of what there is to say, then as hang (gap: the other
             half a little later)
    4xx 5xx 421  such a reply; full is a 4yz about the server, not the e-mail
    garbage  bytes that are no text and have no line end, then as hang
    999      a line with a number that is no reply
    drip     the right thing, byte by byte
    early    the right reply, and that to the next command with it (body, gap: a
             250 that nobody asked for)
    flood    the right reply after 10,000 lines of continuation

The journal has a line of JSON an event: event, conn, listener, rcpt and, for
"act", phase and fault. Events: connect; act (a fault begins); dot (a message has
ended); accepted (the 250 to it is about to be written in full); gone.
"""
import argparse
import itertools
import json
import os
import select
import socket
import ssl
import struct
import sys
import threading
import time

EHLO = "mail.test"
USUAL = {"banner": "220 mail.test ESMTP", "starttls": "220 2.0.0 go ahead", "auth": "235 2.7.0 welcome",
         "mail": "250 2.1.0 OK", "rcpt": "250 2.1.5 OK", "data": "354 go on", "dot": "250 2.0.0 OK",
         "rset": "250 2.0.0 OK", "quit": "221 2.0.0 bye"}
NEXT = {"banner": "ehlo", "starttls": "ehlo", "auth": "mail", "mail": "rcpt", "rcpt": "data", "data": "dot", "dot": "mail",
        "ehlo": "starttls"}
REFUSALS = {"4xx": {"": "451 4.7.0 try again later"},
            "full": {"": "452 4.3.1 disk full"},
            "5xx": {"": "554 5.0.0 no", "auth": "535 5.7.8 who are you", "rcpt": "550 5.1.1 no such user"},
            "421": {"": "421 4.3.2 shutting down"}}
GARBAGE = bytes(range(128, 256)) + b"\0\1\2\r\xff" * 20
QUIET = 0.1  # seconds without a byte after which what was sent is taken to be all


class Gone(Exception):
    """The connection is over, from whichever side."""


class Journal:
    def __init__(self, path):
        self.file = open(path, "w", encoding="utf-8")
        self.lock = threading.Lock()

    def note(self, event, **what):
        with self.lock:
            self.file.write(json.dumps(dict(event=event, at=time.time(), **what)) + "\n")
            self.file.flush()


class Wire:
    """The bytes of a connection, in the clear or through TLS that is kept in memory."""

    def __init__(self, sock):
        self.sock = sock
        self.tls = None
        self.buffer = b""

    def raw(self, data, step=0):
        try:
            for start in range(0, len(data), step or len(data) or 1):
                self.sock.sendall(data[start:start + (step or len(data))])
        except OSError:
            raise Gone

    def receive(self):
        try:
            data = self.sock.recv(16384)
        except OSError:
            raise Gone
        if not data:
            raise Gone
        return data

    def handshake(self, context, send):
        """send(bytes, last) writes what our side of the handshake says."""
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self.incoming, self.outgoing, server_side=True)
        self.incoming.write(self.buffer)
        self.buffer = b""
        while True:
            try:
                self.tls.do_handshake()
                send(self.outgoing.read())
                return
            except ssl.SSLWantReadError:
                said = self.outgoing.read()
                if said:
                    send(said)
                self.incoming.write(self.receive())
            except ssl.SSLError:
                raise Gone

    def write(self, data):
        if self.tls:
            self.tls.write(data)
            data = self.outgoing.read()
        self.raw(data)

    def more(self):
        if not self.tls:
            self.buffer += self.receive()
            return
        while True:
            try:
                data = self.tls.read(16384)
                if not data:
                    raise Gone
                self.buffer += data
                return
            except ssl.SSLWantReadError:
                self.incoming.write(self.receive())
            except ssl.SSLError:
                raise Gone

    def until(self, mark):
        while mark not in self.buffer:
            self.more()
        data, _, self.buffer = self.buffer.partition(mark)
        return data

    def wait_gone(self):
        """Until the client has gone, without reading: what it writes gets stuck."""
        poll = select.poll()
        poll.register(self.sock, select.POLLRDHUP | select.POLLHUP | select.POLLERR)
        poll.poll()
        raise Gone

    def finish(self):
        """The end of our side of the stream, orderly even if there is something unread."""
        try:
            self.sock.shutdown(socket.SHUT_WR)
        except OSError:
            raise Gone
        self.wait_gone()

    def reset(self):
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()
        raise Gone


class Talk:
    """One connection."""

    def __init__(self, server, listener, number, sock, fault):
        self.server = server
        self.listener = listener
        self.number = number
        self.wire = Wire(sock)
        self.options = server.plan[listener]
        self.once = fault is not None  # carries one e-mail at most
        self.phase, _, self.fault = (fault or "").partition("-")
        self.recipient = ""
        self.unsaid = 0  # replies that were given in advance
        self.note("connect")

    def note(self, event, **what):
        self.server.journal.note(event, conn=self.number, listener=self.listener, rcpt=self.recipient, **what)

    def say(self, text):
        self.wire.write(text.encode() + b"\r\n")

    def usual(self, phase):
        if phase != "ehlo":
            return USUAL[phase]
        extra = []
        if self.options.get("tls") == "starttls" and not self.wire.tls:
            extra.append("STARTTLS")
        if self.options.get("auth") and (self.wire.tls or self.options.get("tls") != "starttls"):
            extra.append("AUTH PLAIN")
        return "\r\n".join(["250-" + EHLO] + ["250-" + line for line in extra] + ["250 ENHANCEDSTATUSCODES"])

    def answer(self, phase):
        """The reply of a phase, or its fault.  True: the command was done as usual."""
        if self.unsaid > 0:
            self.unsaid -= 1
            return True
        if self.takes(phase):
            return self.misbehave(phase)
        self.say(self.usual(phase))
        return True

    def takes(self, phase):
        """Is the fault due now?  Each connection suffers one."""
        if self.phase != phase:
            return False
        self.phase = ""
        self.note("act", phase=phase, fault=self.fault)
        return True

    def misbehave(self, phase):
        fault = self.fault
        if fault == "close":
            self.wire.finish()
        elif fault == "reset":
            self.wire.reset()
        elif fault == "hang":
            self.wire.wait_gone()
        elif fault == "garbage":
            self.wire.write(GARBAGE)
            self.wire.wait_gone()
        elif fault in REFUSALS:
            self.say(REFUSALS[fault].get(phase, REFUSALS[fault][""]))
            if fault == "421":
                self.wire.finish()
            return False
        elif fault == "999":
            self.say("999 x")
            return False
        usual = self.usual(phase)
        if fault == "drip":
            for byte in usual + "\r\n":
                self.wire.write(byte.encode())
                time.sleep(0.002)
        elif fault == "early":
            self.say(usual + "\r\n" + self.usual(NEXT[phase]))
            # libcurl reads on after the login and keeps what it got to itself: say it again there
            self.unsaid = 0 if phase == "auth" else 1
        elif fault == "flood":
            self.say((usual[:3] + "-x\r\n") * 10000 + usual)
        else:
            raise ValueError("no fault %s in phase %s" % (fault, phase))
        return True

    def start_tls(self):
        """The handshake.  Its faults are about raw bytes."""
        self.wire.buffer = b""
        fault = self.fault if self.phase == "tls" else ""
        if fault:
            self.wire.buffer = self.wire.receive()
            self.takes("tls")
        if fault in ("close", "reset", "hang", "garbage", "999"):
            self.misbehave("tls")
            self.wire.wait_gone()

        def send(data):
            if fault == "half":
                self.wire.raw(data[:len(data) // 2])
                self.wire.wait_gone()
            self.wire.raw(data, 1 if fault == "drip" else 0)
        self.wire.handshake(self.server.context, send)

    def body(self):
        """From 354 to the reply to the dot."""
        if self.phase == "body":
            self.wire.more()
            self.takes("body")
            self.interrupt()
        elif self.phase == "gap":
            self.wire.more()
            while select.select([self.wire.sock], [], [], QUIET)[0] and b"\r\n.\r\n" not in self.wire.buffer:
                self.wire.more()
            if b"\r\n.\r\n" not in self.wire.buffer:
                self.interrupt()
        self.wire.until(b"\r\n.\r\n")
        self.note("dot")
        if self.phase == "reply":
            self.takes("reply")
            self.half_reply()
        if self.phase != "dot" or self.fault in ("drip", "early", "flood"):
            self.note("accepted")
        self.answer("dot")

    def interrupt(self):
        """Say something while the message is on its way."""
        fault = self.fault
        if self.phase == "gap" and fault not in ("close", "reset"):
            # written first, noted then: whoever waits for the note finds the bytes there
            if fault == "half":
                self.wire.write(b"250 2.0.0 O")
            elif fault == "early":
                self.say(USUAL["dot"])
            elif fault == "garbage":
                self.wire.write(GARBAGE)
            else:
                self.say(REFUSALS[fault][""])
            self.takes("gap")
            if fault == "half":
                time.sleep(QUIET)
                self.wire.write(b"K\r\n")
            return
        if self.phase == "gap":
            self.phase = ""
            try:
                if fault == "reset":
                    self.wire.reset()
                self.wire.sock.shutdown(socket.SHUT_WR)
            except (OSError, Gone):
                pass
            self.note("act", phase="gap", fault=fault)
            if fault == "close":
                self.wire.wait_gone()
            raise Gone
        if fault == "early":
            self.say(USUAL["dot"])
        elif fault == "flood":
            self.say("250-x\r\n" * 10000 + USUAL["dot"])
        else:
            self.misbehave("body")
        self.wire.wait_gone()

    def half_reply(self):
        """Half of "250 2.0.0 OK", or a first line that the next one contradicts."""
        if self.fault in REFUSALS or self.fault == "999":
            self.wire.write(b"250-2.0.0 OK\r\n")
        else:
            self.wire.write(b"250 2.0.0 O")
        self.misbehave("dot")
        self.wire.wait_gone()

    def rest(self):
        """Between two e-mails."""
        if not self.takes("rest"):
            return
        if self.fault == "early":
            self.say(USUAL["mail"])
        else:
            self.misbehave("rest")

    def command(self, line):
        verb = line[:5].upper().strip()
        if verb in ("EHLO", "HELO"):
            if verb == "EHLO":
                self.answer("ehlo")
            else:
                self.say("250 " + EHLO)
        elif verb == "START":
            if self.answer("starttls"):
                self.start_tls()
        elif verb == "AUTH":
            if len(line.split()) < 3:
                self.say("334 ")
                self.wire.until(b"\r\n")
            self.answer("auth")
        elif verb == "MAIL":
            self.recipient = ""
            self.answer("mail")
        elif verb == "RCPT":
            self.recipient = line[line.index("<") + 1:line.index(">")]
            if not self.once:
                self.phase, _, self.fault = self.recipient.split("@")[0].partition("-")
            self.answer("rcpt")
        elif verb == "DATA":
            if self.answer("data"):
                self.body()
                if self.once:
                    raise Gone
                self.rest()
        elif verb == "RSET":
            if self.once:
                raise Gone
            self.answer("rset")
        elif verb == "QUIT":
            self.answer("quit")
            raise Gone
        else:
            self.say("502 5.5.1 what?")

    def run(self):
        try:
            if self.takes("connect"):
                self.misbehave("connect")
            if self.options.get("tls") == "smtps":
                self.start_tls()
            self.answer("banner")
            while True:
                self.command(self.wire.until(b"\r\n").decode("ascii", "replace"))
        except Gone:
            pass
        finally:
            self.note("gone")
            self.wire.sock.close()


class Server:
    def __init__(self, args):
        with open(args.plan, encoding="utf-8") as file:
            self.plan = json.load(file)
        self.journal = Journal(args.journal)
        self.connections = 0
        self.lock = threading.Lock()
        self.kept = []
        self.context = None
        if args.cert:
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.load_cert_chain(args.cert, args.key)

    def open(self, name):
        """Bind a port for a listener; its number."""
        sock = socket.socket()
        # Small buffers and segments, so that a message which is not read gets stuck at the client
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, 1400)
        sock.bind(("127.0.0.1", 0))
        self.kept.append(sock)
        faults = self.plan[name].get("faults")
        if faults == ["connect-hang"]:
            # a full queue: the next connection is not even acknowledged
            sock.listen(0)
            for _ in range(4):
                filler = socket.socket()
                filler.setblocking(False)
                filler.connect_ex(sock.getsockname())
                self.kept.append(filler)
        elif faults != ["connect-refuse"]:
            sock.listen(256)
            threading.Thread(target=self.serve, args=(name, sock, faults), daemon=True).start()
        return sock.getsockname()[1]

    def serve(self, name, sock, faults):
        for fault in faults or itertools.repeat(None):
            peer = sock.accept()[0]
            peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self.lock:
                self.connections += 1
                number = self.connections
            if faults and fault is faults[-1]:
                sock.close()
            threading.Thread(target=Talk(self, name, number, peer, fault).run, daemon=True).start()


def main():
    options = argparse.ArgumentParser(description="An SMTP server for tests that misbehaves.")
    options.add_argument("--plan", required=True, metavar="FILE.json")
    options.add_argument("--ports", required=True, metavar="FILE.json")
    options.add_argument("--journal", required=True, metavar="FILE.jsonl")
    options.add_argument("--cert")
    options.add_argument("--key")
    args = options.parse_args()
    server = Server(args)
    ports = {name: server.open(name) for name in server.plan}
    with open(args.ports, "w", encoding="utf-8") as file:
        json.dump(ports, file)
    print("READY port=%d" % next(iter(ports.values())), flush=True)
    while sys.stdin.buffer.read(4096):
        pass
    sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
