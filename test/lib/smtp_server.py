#!/usr/bin/python3
"""An SMTP server for tests, on 127.0.0.1, that misbehaves on request.

    smtp_server.py [--port N] [--starttls | --tls] [--cert FILE --key FILE]
                   [--require-auth USER:PASSWORD] [--store FILE] [--maildir DIR] [--rules FILE]

Prints "READY port=NNN" once it listens (port 0, the default, takes a free one)
and ends on SIGTERM or when its standard input ends, so that it never outlives
the test that started it (--no-stdin: only on SIGTERM).

--starttls refuses mail before STARTTLS; --tls speaks TLS from the start.
--require-auth offers PLAIN and LOGIN, after STARTTLS where that is spoken.

--store appends one JSON line a message: seq (1, 2, ... in the order of
acceptance), conn (number of the connection), mail_from, rcpt_tos, data (bytes
as Latin-1 text), received_at (seconds since 1970).  --maildir writes the
messages as files into DIR/new.

--rules is a JSON list; for each command the first rule that fits is used:

    phase   "connect", "mail", "rcpt", "data", "body" (after the 354), "dot", "rset"
    match   regular expression, searched in the recipient; in the sender at
            "mail"; default: any.  Not asked at "connect" and "rset"
    count   how many times; then the rule is over (default: always)
    action  "reply"    say reply instead of doing the command (the default)
            "close"    close the connection without a word
            "reset"    the same with a TCP reset
            "hang"     say nothing more, until the client goes
            "partial"  say reply without a line end, then close
            "accept"   do the command as usual (for its delay)
    reply   text of the reply, or a list of its lines; a 421 closes
    delay   seconds to wait first
    store   true, at "dot": take the message all the same, then act
"""
import argparse
import asyncio
import json
import logging
import os
import re
import signal
import socket
import ssl
import sys
import threading
import time
import warnings

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword


PHASES = ("connect", "mail", "rcpt", "data", "body", "dot", "rset")
ACTIONS = ("reply", "close", "reset", "hang", "partial", "accept")


class Rules:
    def __init__(self, rules):
        self.rules = [dict(rule) for rule in rules]
        for rule in self.rules:
            unknown = set(rule) - {"phase", "match", "count", "action", "reply", "delay", "store", "comment"}
            if unknown:
                raise SystemExit("smtp_server.py: unknown key in a rule: %s" % ", ".join(sorted(unknown)))
            if rule.get("phase") not in PHASES or rule.get("action", "reply") not in ACTIONS:
                raise SystemExit("smtp_server.py: unknown phase or action in a rule: %r" % rule)
            rule["match"] = re.compile(rule.get("match", ""))

    def take(self, phase, who):
        """The rule for this command, counted down, or None."""
        for rule in self.rules:
            if rule["phase"] != phase or not any(rule["match"].search(name) for name in who):
                continue
            if "count" in rule:
                if rule["count"] <= 0:
                    continue
                rule["count"] -= 1
            return rule
        return None


class Store:
    def __init__(self, path, maildir):
        self.file = open(path, "a", encoding="utf-8") if path else None
        self.maildir = maildir
        self.seq = 0
        for part in ("new", "cur", "tmp") if maildir else ():
            os.makedirs(os.path.join(maildir, part), exist_ok=True)

    def add(self, connection, envelope):
        self.seq += 1
        if self.file:
            self.file.write(json.dumps({
                "seq": self.seq, "conn": connection, "mail_from": envelope.mail_from,
                "rcpt_tos": envelope.rcpt_tos, "data": envelope.content.decode("latin-1"),
                "received_at": time.time()}) + "\n")
            self.file.flush()
        if self.maildir:
            name = "%d.%06d.test" % (time.time(), self.seq)
            with open(os.path.join(self.maildir, "tmp", name), "wb") as file:
                file.write(envelope.content)
            os.rename(os.path.join(self.maildir, "tmp", name), os.path.join(self.maildir, "new", name))


class Connection(SMTP):
    """One connection; the handler of its commands is itself."""

    def __init__(self, number, rules, store, **options):
        self.number = number
        self.rules = rules
        self.store = store
        super().__init__(self, hostname="mail.test", ident="brim test server", timeout=3600, **options)

    async def follow(self, phase, who):
        """Do what the rule for a command says.  None: go on as usual; else the reply to give."""
        rule = self.rules.take(phase, who)
        return None if rule is None else await self.obey(rule, phase)

    async def obey(self, rule, phase):
        if rule.get("delay"):
            await asyncio.sleep(rule["delay"])
        if rule.get("store"):
            self.store.add(self.number, self.envelope)
        action = rule.get("action", "reply")
        reply = rule.get("reply", "")
        if isinstance(reply, list):
            reply = "\r\n".join(reply)
        if action == "accept":
            return None
        if action == "reply" and not reply.startswith("421") and phase not in ("connect", "body"):
            return reply
        if action == "reply":
            await self.push(reply)
            self.transport.close()
        elif action == "partial":
            self._writer.write(reply.encode())
            await self._writer.drain()
            self.transport.close()
        elif action == "close":
            self.transport.close()
        elif action == "reset":
            raw = (self._original_transport or self.transport)
            raw.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            raw.abort()
        # ends when the connection does: this coroutine is cancelled then
        await asyncio.get_running_loop().create_future()

    async def _handle_client(self):
        await self.follow("connect", [""])
        await super()._handle_client()

    async def handle_MAIL(self, server, session, envelope, address, options):
        reply = await self.follow("mail", [address])
        if reply is None:
            envelope.mail_from = address
        return reply or "250 2.1.0 OK"

    async def handle_RCPT(self, server, session, envelope, address, options):
        reply = await self.follow("rcpt", [address])
        if reply is None:
            envelope.rcpt_tos.append(address)
        return reply or "250 2.1.5 OK"

    async def handle_RSET(self, server, session, envelope):
        return await self.follow("rset", [""]) or "250 2.0.0 OK"

    async def smtp_DATA(self, arg):
        who = self.envelope.rcpt_tos or [""]
        reply = await self.follow("data", who)
        if reply is not None:
            await self.push(reply)
            return
        rule = self.rules.take("body", who)
        if rule is not None:
            await self.push("354 go on")
            await self.obey(rule, "body")
        await super().smtp_DATA(arg)

    async def handle_DATA(self, server, session, envelope):
        reply = await self.follow("dot", envelope.rcpt_tos)
        if reply is None:
            self.store.add(self.number, envelope)
        return reply or "250 2.0.0 OK queued as %d" % self.store.seq

    async def handle_exception(self, error):
        print("smtp_server.py: %r" % error, file=sys.stderr, flush=True)
        return "451 4.3.0 error in the test server"


async def serve(args):
    loop = asyncio.get_running_loop()
    stop = loop.create_future()
    rules = Rules(json.load(open(args.rules, encoding="utf-8")) if args.rules else [])
    store = Store(args.store, args.maildir)
    connections = 0
    context = None
    options = {}

    def end():
        if not stop.done():
            stop.set_result(None)

    def watch_stdin():
        while sys.stdin.buffer.read(4096):
            pass
        loop.call_soon_threadsafe(end)

    if args.starttls or args.tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(args.cert, args.key)
    if args.starttls:
        options.update(tls_context=context, require_starttls=True)
    if args.require_auth:
        user, _, password = args.require_auth.partition(":")
        wanted = LoginPassword(user.encode(), password.encode())
        options.update(
            auth_required=True, auth_require_tls=args.starttls,
            authenticator=lambda server, session, envelope, mechanism, data: AuthResult(
                success=data == wanted, handled=False))
    else:
        options.update(auth_exclude_mechanism=["PLAIN", "LOGIN"])

    def connect():
        nonlocal connections
        connections += 1
        return Connection(connections, rules, store, loop=loop, **options)

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, end)
    server = await loop.create_server(connect, "127.0.0.1", args.port, backlog=256,
                                      ssl=context if args.tls else None)
    print("READY port=%d" % server.sockets[0].getsockname()[1], flush=True)
    if not args.no_stdin:
        threading.Thread(target=watch_stdin, daemon=True).start()
    await stop
    server.close()


def main():
    options = argparse.ArgumentParser(description="An SMTP server for tests.")
    options.add_argument("--port", type=int, default=0)
    options.add_argument("--starttls", action="store_true")
    options.add_argument("--tls", action="store_true")
    options.add_argument("--cert")
    options.add_argument("--key")
    options.add_argument("--require-auth", metavar="USER:PASSWORD")
    options.add_argument("--store", metavar="FILE.jsonl")
    options.add_argument("--maildir", metavar="DIR")
    options.add_argument("--rules", metavar="FILE.json")
    options.add_argument("--no-stdin", action="store_true")
    args = options.parse_args()
    if (args.starttls or args.tls) and not (args.cert and args.key):
        options.error("TLS needs --cert and --key")
    warnings.simplefilter("ignore")
    logging.getLogger("mail.log").setLevel(logging.CRITICAL)
    asyncio.run(serve(args))
    # not waiting for the thread that reads standard input
    sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
