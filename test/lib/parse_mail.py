#!/usr/bin/python3
"""Read e-mails with Python's own parser and print what a reader would see, as JSON.

    parse_mail.py FILE...               one message a file (.eml)
    parse_mail.py --jsonl STORE [--seq N]   the messages smtp_server.py stored
    parse_mail.py --frames < FRAMES     compare: used by the unit test of core/mime

One JSON object a message and line:

    from, to, reply_to          {"name", "address"}, or null without the header
    subject, message_id         decoded text
    date                        seconds since 1970
    body                        decoded text, lines ending in LF
    headers                     [[name, raw value], ...] in the order of the message
    encoding                    the Content-Transfer-Encoding
    unsubscribe                 the List-Unsubscribe value
    problems                    what a strict reader finds wrong: empty in a good message
    seq, conn, mail_from, rcpt_tos, received_at     with --jsonl, from the store

--frames reads netstrings ("5:hello,"), six a message: sender name, recipient
name, subject, body and footer as they should read, message.  Exit status 1
when one differs.
"""
import argparse
import email
import email.header
import email.policy
import email.utils
import json
import sys

KNOWN = {"from", "to", "reply-to", "subject", "date", "message-id", "mime-version", "content-type",
         "content-transfer-encoding", "list-unsubscribe"}


def find_problems(raw, message):
    """Rules of RFC 5322, 2045 and 2047 that a lenient reader forgives."""
    problems = []
    if any(byte >= 128 or byte == 0 for byte in raw):
        problems.append("a byte that is not ASCII")
    if b"\r" in raw.replace(b"\r\n", b"") or b"\n" in raw.replace(b"\r\n", b""):
        problems.append("a lone CR or LF")
    if not raw.endswith(b"\r\n"):
        problems.append("the last line does not end")
    head = raw.partition(b"\r\n\r\n")[0].split(b"\r\n")
    for line in raw.split(b"\r\n"):
        if len(line) > 998:
            problems.append("a line of %d bytes" % len(line))
    for line in head:
        if not line.strip():
            problems.append("a header line of white space")
        if b"=?" in line and len(line) > 76:
            problems.append("a header line of %d bytes with an encoded word" % len(line))
        for word in line.split():
            if word.startswith(b"=?") and len(word) > 75:
                problems.append("an encoded word of %d bytes" % len(word))
    names = [name.lower() for name in message.keys()]
    for name in set(names):
        if names.count(name) > 1:
            problems.append("header %s twice" % name)
        if name not in KNOWN and name != "received":
            problems.append("header %s is not known here" % name)
    problems += ["%s: %r" % (part, defect) for part, defects in
                 [("message", message.defects)] + [(name, value.defects) for name, value in message.items()]
                 for defect in defects]
    return problems


def mailbox(message, name):
    """Name and address of a header.

    The display_name of Python's newer interface puts a space between two
    encoded words of a name and takes one of two spaces away, against RFC 2047.
    """
    if message[name] is None or len(message[name].addresses) != 1:
        return None
    raw = dict((key.lower(), value) for key, value in message._headers)[name]
    quoted, address = email.utils.parseaddr(raw.replace("\r\n", ""))
    if address != message[name].addresses[0].addr_spec:
        return None
    return {"name": str(email.header.make_header(email.header.decode_header(quoted))), "address": address}


def parse(raw):
    message = email.message_from_bytes(raw, policy=email.policy.default)
    body = message.get_content()
    return {
        "from": mailbox(message, "from"),
        "to": mailbox(message, "to"),
        "reply_to": mailbox(message, "reply-to"),
        "subject": None if message["Subject"] is None else str(message["Subject"]),
        "message_id": None if message["Message-ID"] is None else str(message["Message-ID"]),
        "date": None if message["Date"] is None else int(message["Date"].datetime.timestamp()),
        "body": body.replace("\r\n", "\n"),
        "headers": [[name, value] for name, value in message._headers],
        "encoding": message["Content-Transfer-Encoding"],
        "unsubscribe": None if message["List-Unsubscribe"] is None else str(message["List-Unsubscribe"]),
        "problems": find_problems(raw, message),
    }


def read_netstrings(stream):
    data = stream.read()
    pos = 0
    while pos < len(data):
        colon = data.index(b":", pos)
        length = int(data[pos:colon])
        yield data[colon + 1:colon + 1 + length]
        pos = colon + 1 + length + 1


def normalise(text):
    """A text as it should be read: LF line ends, also the last."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text if text == "" or text.endswith("\n") else text + "\n"


def compare_frames():
    frames = list(read_netstrings(sys.stdin.buffer))
    wrong = 0
    for at in range(0, len(frames), 6):
        from_name, to_name, subject, body, footer = (part.decode() for part in frames[at:at + 5])
        got = parse(frames[at + 5])
        text = normalise(body) + ("\n" + normalise(footer) if footer else "")
        expected = [("from", got["from"]["name"], from_name), ("to", got["to"]["name"], to_name),
                    ("subject", got["subject"], subject), ("body", got["body"], text),
                    ("problems", got["problems"], [])]
        for what, found, wanted in expected:
            if found != wanted:
                wrong += 1
                print("# message %d: %s is %r, expected %r\n%s" % (
                    at // 6 + 1, what, found, wanted, frames[at + 5].decode("latin-1")[:1500]))
    print("# python3 email: %d messages parsed, %d differences" % (len(frames) // 6, wrong))
    return 1 if wrong or not frames else 0


def main():
    options = argparse.ArgumentParser(description="Print e-mails as JSON.")
    options.add_argument("--jsonl", metavar="STORE")
    options.add_argument("--seq", type=int)
    options.add_argument("--frames", action="store_true")
    options.add_argument("files", nargs="*")
    args = options.parse_args()
    if args.frames:
        return compare_frames()
    if args.jsonl:
        with open(args.jsonl, encoding="utf-8") as store:
            for line in store:
                stored = json.loads(line)
                if args.seq is None or stored["seq"] == args.seq:
                    seen = parse(stored.pop("data").encode("latin-1"))
                    print(json.dumps({**stored, **seen}))
    for name in args.files:
        with open(name, "rb") as file:
            print(json.dumps(parse(file.read())))
    return 0


if __name__ == "__main__":
    sys.exit(main())
