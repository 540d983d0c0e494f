#!/usr/bin/env python3
"""A server that speaks Gemini's generateContent, for tests and benchmarks.

    gemini_server.py [--port 0] [--cert FILE --key FILE] [--key-value KEY]
                     [--script FILE.json] [--journal FILE] [--latency-ms N]
                     [--ignore-stdin]

Prints "READY port=NNN" when it listens on 127.0.0.1.  Ends on SIGTERM or when
its standard input ends (unless --ignore-stdin), so that it never outlives the
test that started it.

A request is checked as strictly as the real service does: path, key, content
type, known fields only, a schema of known keywords.  What is wrong with it is
answered in Google's error shape with 400, 403 or 404.

The script chooses how good requests are answered:

    [{"match": "REGEX", "steps": ["r503", "reset", "ok"]}, ...]

The first entry whose regular expression is found in the text of the user part
counts; each request takes its next step, the last step repeats.  A request
that no entry matches is answered with "ok".

A request has e-mails drafted (its schema has "emails") or texts classified
("answers"); the model finds in a text the events that are marked there as
[class] or, hedged, as [class?].  Steps:

    ok               drafts for every variant of the schema, answers for every text
    thought          the same, in several parts with a thought among them
    max_tokens       text that was cut, finish reason MAX_TOKENS
    safety           no content, finish reason SAFETY
    block_reason     no candidate, the prompt was blocked
    malformed        a part whose text is no JSON
    placeholder      a draft with "[Your Name]" in it
    missing_variant  drafts without the last variant
    missing_n        answers without the last text
    wrong_n          answers with numbers that were not asked about
    unknown_class    events of a class that was not given
    invented         events whose evidence is not in the text
    bad_utf8         bytes that are not UTF-8 in the text
    nul_escape       an escaped NUL in a subject
    big:BYTES        a good answer of that size (2000000)
    r429[:SECONDS]   quota of a minute, with RetryInfo (2)
    r429_day         quota of a day
    r401, r404       wrong credentials, no such model
    r503[:SECONDS]   overloaded, with a Retry-After header if SECONDS are given
    r500_html        a page of a proxy
    array_error      503 with the error wrapped in a list
    not_json         status 200 with a body that is not JSON
    reset            the connection is reset
    short            the connection ends before the body does
    hang:SECONDS     nothing for so long (30), then the connection ends
    slow:MS          a good answer that trickles in over that time (1000)

The journal gets one JSON line a request, written before it is answered:
seq, time, connection, path, headers (without the key), key_matched, body,
user_text, step and problem (why the request was refused, or null).
"""
import argparse
import json
import os
import re
import signal
import socket
import ssl
import struct
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

PATH = re.compile(r"^/v1beta/models/([A-Za-z0-9._-]+):generateContent$")
RETIRED = re.compile(r"^gemini-(1\.|2\.0)|^(?!gemini-)")
SCHEMA_KEYWORDS = {"type", "properties", "required", "enum", "items", "minItems", "maxItems", "minimum",
                   "maximum", "anyOf", "$ref", "additionalProperties", "title", "description", "format"}
MAX_REQUEST = 4 * 1024 * 1024


class Problem(Exception):
    """A request the real service would refuse."""

    def __init__(self, code, status, message):
        super().__init__(message)
        self.code, self.status = code, status


def bad(message):
    return Problem(400, "INVALID_ARGUMENT", message)


def fields(value, where, known, required=()):
    """value must be an object with known fields only, the required ones among them."""
    if not isinstance(value, dict):
        raise bad(f"Invalid value at '{where}': not an object.")
    for name in value:
        if name not in known:
            raise bad(f'Invalid JSON payload received. Unknown name "{name}" at \'{where}\': Cannot find field.')
    for name in required:
        if name not in value:
            raise bad(f"Missing field '{name}' at '{where}'.")


def parts_text(value, where):
    """The joined text of a list of text parts."""
    if not isinstance(value, list) or not value:
        raise bad(f"Invalid value at '{where}': parts must not be empty.")
    for part in value:
        fields(part, where, {"text"}, ["text"])
        if not isinstance(part["text"], str) or not part["text"].strip():
            raise bad(f"Invalid value at '{where}': text must not be empty.")
    return "".join(part["text"] for part in value)


def check_schema(schema, where):
    fields(schema, where, SCHEMA_KEYWORDS)
    for name, inner in schema.get("properties", {}).items():
        check_schema(inner, f"{where}.{name}")
    if isinstance(schema.get("items"), dict):
        check_schema(schema["items"], f"{where}.items")
    for name in schema.get("required", []):
        if name not in schema.get("properties", {}):
            raise bad(f"Invalid value at '{where}': property \"{name}\" is required but not defined.")


def check_body(body):
    """Raise Problem, or return the text of the user part and what is asked for: variants or a Classification."""
    fields(body, "request", {"systemInstruction", "contents", "generationConfig"},
           ["contents", "systemInstruction", "generationConfig"])
    fields(body["systemInstruction"], "system_instruction", {"parts", "role"}, ["parts"])
    parts_text(body["systemInstruction"]["parts"], "system_instruction")
    if not isinstance(body["contents"], list) or not body["contents"]:
        raise bad("contents is not specified")
    text = ""
    for turn in body["contents"]:
        fields(turn, "contents", {"role", "parts"}, ["role", "parts"])
        if turn["role"] not in ("user", "model"):
            raise bad("Please use a valid role: user, model.")
        text += parts_text(turn["parts"], "contents.parts")
    if body["contents"][-1]["role"] != "user":
        raise bad("Please ensure that the last turn is the user's.")
    config = body["generationConfig"]
    fields(config, "generation_config",
           {"responseMimeType", "responseJsonSchema", "maxOutputTokens", "thinkingConfig"},
           ["responseMimeType", "responseJsonSchema", "maxOutputTokens"])
    if config["responseMimeType"] != "application/json":
        raise bad("response_json_schema needs response_mime_type application/json.")
    if type(config["maxOutputTokens"]) is not int or not 1 <= config["maxOutputTokens"] <= 65536:
        raise bad("max_output_tokens must be from 1 to 65536.")
    fields(config.get("thinkingConfig", {}), "thinking_config", {"thinkingLevel"})
    schema = config["responseJsonSchema"]
    check_schema(schema, "response_json_schema")
    try:
        if "answers" in schema["properties"]:
            return text, check_classification(schema, text, body["systemInstruction"]["parts"])
        emails = schema["properties"]["emails"]
        variants = emails["items"]["properties"]["variant"]["enum"]
        if not (emails["minItems"] == emails["maxItems"] == len(variants) > 0):
            raise bad("minItems and maxItems are not the number of variants.")
    except (KeyError, TypeError):
        raise bad("response_json_schema is not the one that was agreed on.") from None
    return text, variants


class Classification:
    """The texts that are to be classified, and the classes."""

    def __init__(self, texts, classes):
        self.texts, self.classes = texts, classes


def check_classification(schema, text, instruction):
    """A request that has texts classified; raise Problem, or return what is asked for."""
    answer_list = schema["properties"]["answers"]
    number = answer_list["items"]["properties"]["n"]
    event = answer_list["items"]["properties"]["events"]["items"]["properties"]
    classes = event["class"]["enum"]
    try:
        data = json.loads(text)
    except ValueError:
        raise bad("The user part is no JSON.") from None
    fields(data, "user part", {"texts"}, ["texts"])
    texts = data["texts"]
    if not isinstance(texts, list) or not texts:
        raise bad("There are no texts.")
    for n, entry in enumerate(texts, 1):
        fields(entry, "texts", {"n", "source", "text"}, ["n", "source", "text"])
        if entry["n"] != n or entry["source"] not in ("news", "job_post"):
            raise bad("A text has a wrong number or source.")
        if not isinstance(entry["text"], str) or not 0 < len(entry["text"]) <= 4000:
            raise bad("A text is empty or too long.")
        if any(entry["text"] in part["text"] for part in instruction):
            raise bad("A text stands among the instructions.")
    if not answer_list["minItems"] == answer_list["maxItems"] == number["maximum"] == len(texts):
        raise bad("minItems, maxItems and maximum are not the number of texts.")
    if event["certainty"]["enum"] != ["stated", "hedged"] or len(set(classes)) != len(classes) or not classes:
        raise bad("response_json_schema is not the one that was agreed on.")
    return Classification(texts, classes)


MARK = re.compile(r"\[(\w+)(\??)\]")


def answers(task, kind):
    """What a good model finds in texts, or one that does what the step says."""
    said = []
    for entry in task.texts:
        events = []
        for mark in MARK.finditer(entry["text"]):
            events.append({"class": "zeppelin" if kind == "unknown_class" else mark[1],
                           "certainty": "hedged" if mark[2] else "stated",
                           "evidence": "words of nobody" if kind == "invented" else mark[0]})
        said.append({"n": entry["n"] + (1000 if kind == "wrong_n" else 0), "events": events})
    if kind == "missing_n":
        said.pop()
    return {"answers": said}


def company_name(text):
    """The company the user part is about."""
    def find(value):
        if isinstance(value, dict):
            if isinstance(value.get("company_name"), str):
                return value["company_name"]
            value = list(value.values())
        if isinstance(value, list):
            for inner in value:
                name = find(inner)
                if name:
                    return name
        return None
    try:
        return find(json.loads(text)) or "your company"
    except ValueError:
        return "your company"


def drafts(text, variants):
    """What a good model writes: always the same for the same request."""
    name = company_name(text)
    emails = []
    for variant in variants:
        way = variant.replace("_", " ")
        emails.append({
            "variant": variant,
            "subject": f"{name[:60].strip()}: fewer hand-offs ({variant})",
            "body": f"Hello,\n\nthis is the {way} e-mail for {name}. Teams that grow as yours does often find "
                    "that the work between their tools grows faster than the work inside them. Somebody copies, "
                    "checks and chases, and nobody planned for it.\n\n"
                    "That is the part we take over, step by step, beginning with the one that costs you the most "
                    "time today. Nothing has to be replaced for it, and you can stop after the first step.\n\n"
                    f"Which hand-off at {name} would you be rid of first?\n\nGreetings\nThe sender"})
    return {"emails": emails}


def answer(parts, finish="STOP", prompt=100, model="gemini"):
    """A reply with one candidate."""
    candidate = {"index": 0, "finishReason": finish}
    if parts is not None:
        candidate["content"] = {"role": "model", "parts": parts}
    output = sum(len(part["text"]) for part in parts or [] if not part.get("thought")) // 4
    thought = sum(len(part["text"]) for part in parts or [] if part.get("thought")) // 4
    usage = {"promptTokenCount": prompt, "candidatesTokenCount": output,
             "totalTokenCount": prompt + output + thought}
    if thought:
        usage["thoughtsTokenCount"] = thought
    return {"candidates": [candidate], "usageMetadata": usage, "modelVersion": model,
            "responseId": "test"}


def error(code, status, message, details=None):
    body = {"error": {"code": code, "message": message, "status": status}}
    if details:
        body["error"]["details"] = details
    return body


def retry_info(seconds):
    return {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": f"{seconds}s"}


def quota_failure(quota_id):
    return {"@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": [{
        "quotaMetric": "generativelanguage.googleapis.com/generate_content_free_tier_requests",
        "quotaId": quota_id, "quotaDimensions": {"location": "global"}}]}


def split_parts(text):
    """The text in three parts behind a thought."""
    third = len(text) // 3
    return [{"text": "The user wants { e-mails }.", "thought": True}, {"text": text[:third]},
            {"text": text[third:2 * third]}, {"text": text[2 * third:]}]


class Reply:
    """What goes back: status, body and extra headers, or something done to the connection."""

    def __init__(self, code=200, body=None, kind="application/json; charset=UTF-8", headers=(), action=None,
                 seconds=0.0):
        self.code = code
        self.body = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
        self.kind, self.headers, self.action, self.seconds = kind, list(headers), action, seconds


def make_reply(step, text, variants, model):
    """The reply that a step of the script asks for."""
    kind, _, argument = step.partition(":")
    number = float(argument) if argument else None
    task = variants if isinstance(variants, Classification) else None
    good = answers(task, kind) if task else drafts(text, variants)
    said = json.dumps(good, ensure_ascii=False)
    prompt = len(text) // 4 + 400

    def reply(parts, finish="STOP"):
        return Reply(200, answer(parts, finish, prompt, model + "-test"))

    if kind in ("ok", "missing_n", "wrong_n", "unknown_class", "invented"):
        return reply([{"text": said}])
    if kind == "thought":
        return reply(split_parts(said))
    if kind == "max_tokens":
        return reply([{"text": said[:len(said) // 2]}], "MAX_TOKENS")
    if kind == "safety":
        return reply(None, "SAFETY")
    if kind == "block_reason":
        return Reply(200, {"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"},
                           "usageMetadata": {"promptTokenCount": prompt, "totalTokenCount": prompt},
                           "modelVersion": model + "-test"})
    if kind == "malformed":
        return reply([{"text": said[:-2] + ",,"}])
    if kind in ("placeholder", "missing_variant") and task:
        raise ValueError(f"step {step!r} is for e-mails")
    if kind == "placeholder":
        good["emails"][-1]["body"] += "\n[Your Name]"
        return reply([{"text": json.dumps(good)}])
    if kind == "missing_variant":
        good["emails"].pop()
        return reply([{"text": json.dumps(good)}])
    if kind == "bad_utf8":
        body = answer([{"text": said}], "STOP", prompt, model + "-test")
        return Reply(200, json.dumps(body, ensure_ascii=False).encode().replace(b"n" if task else b"Hello", b"Hell\xc3\x28\xff"))
    if kind == "nul_escape":
        if task:
            good["answers"][0]["note"] = "\0x"
        else:
            good["emails"][0]["subject"] += "\0x"
        return reply([{"text": json.dumps(good)}])
    if kind == "big":
        fill = " " * int(number if number is not None else 2000000)
        return reply([{"text": said + fill}])
    if kind == "r429":
        seconds = int(number if number is not None else 2)
        return Reply(429, error(429, "RESOURCE_EXHAUSTED", "You exceeded your current quota, please check your plan.",
                                [quota_failure("GenerateRequestsPerMinutePerProjectPerModel-FreeTier"),
                                 retry_info(seconds)]))
    if kind == "r429_day":
        return Reply(429, error(429, "RESOURCE_EXHAUSTED", "You exceeded your current quota, please check your plan.",
                                [quota_failure("GenerateRequestsPerDayPerProjectPerModel-FreeTier"),
                                 retry_info("51820.638305887")]))
    if kind == "r401":
        return Reply(401, error(401, "UNAUTHENTICATED", "Request had invalid authentication credentials."))
    if kind == "r404":
        return Reply(404, error(404, "NOT_FOUND", f"models/{model} is not found for API version v1beta."))
    if kind == "r503":
        headers = [("Retry-After", str(int(number)))] if number is not None else []
        return Reply(503, error(503, "UNAVAILABLE", "The model is overloaded. Please try again later."),
                     headers=headers)
    if kind == "r500_html":
        return Reply(500, b"<html><head><title>500</title></head><body>Internal error</body></html>", "text/html")
    if kind == "array_error":
        return Reply(503, [error(503, "UNAVAILABLE", "The service is currently unavailable.", [retry_info(1)])])
    if kind == "not_json":
        return Reply(200, b"upstream said hello", "text/plain")
    if kind in ("reset", "short", "hang", "slow"):
        made = reply([{"text": said}])
        made.action = kind
        made.seconds = {"hang": number if number is not None else 30.0,
                        "slow": (number if number is not None else 1000.0) / 1000}.get(kind, 0.0)
        return made
    raise ValueError(f"unknown step {step!r}")


class Script:
    """Which step comes next for which request."""

    def __init__(self, path):
        self.lock = threading.Lock()
        self.entries = []
        for entry in json.load(open(path, encoding="utf-8")) if path else []:
            for step in entry["steps"]:
                make_reply(step, "{}", ["v"], "gemini")
            self.entries.append([re.compile(entry["match"]), list(entry["steps"])])

    def next_step(self, text):
        with self.lock:
            for pattern, steps in self.entries:
                if pattern.search(text):
                    return steps.pop(0) if len(steps) > 1 else steps[0]
        return "ok"


class Journal:
    """One JSON line a request."""

    def __init__(self, path):
        self.lock = threading.Lock()
        self.file = open(path, "a", encoding="utf-8") if path else None
        self.seq = 0

    def write(self, entry):
        with self.lock:
            self.seq += 1
            if self.file:
                self.file.write(json.dumps({"seq": self.seq, **entry}, ensure_ascii=False) + "\n")
                self.file.flush()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = 120

    def setup(self):
        if self.server.tls:
            self.request.settimeout(10)
            self.request = self.server.tls.wrap_socket(self.request, server_side=True)
        super().setup()

    def finish(self):
        super().finish()
        if self.server.tls:
            self.request.close()

    def log_message(self, *args):
        pass

    def read_body(self):
        """The raw body, and its JSON."""
        length = self.headers.get("Content-Length", "")
        if not length.isdigit() or int(length) > MAX_REQUEST:
            self.close_connection = True
            raise Problem(411, "INVALID_ARGUMENT", "A request needs a Content-Length.")
        raw = self.rfile.read(int(length))
        if self.headers.get_content_type() != "application/json":
            raise bad("Content-Type is not application/json.")
        try:
            return json.loads(raw.decode("utf-8"))
        except (ValueError, RecursionError):
            raise bad("Invalid JSON payload received.") from None

    def check_key(self):
        key = self.headers.get("x-goog-api-key")
        if key is None:
            raise Problem(403, "PERMISSION_DENIED", "Method doesn't allow unregistered callers.")
        if key != self.server.key_value:
            raise bad("API key not valid. Please pass a valid API key.")

    def do_POST(self):
        entry = {"time": time.time(), "connection": self.client_address[1], "path": self.path,
                 "headers": {name: value for name, value in self.headers.items()
                             if name.lower() not in ("x-goog-api-key", "authorization")},
                 "key_matched": self.headers.get("x-goog-api-key") == self.server.key_value,
                 "body": None, "user_text": None, "step": None, "problem": None}
        try:
            entry["body"] = body = self.read_body()
            found = PATH.match(urlsplit(self.path).path)
            if not found:
                raise Problem(404, "NOT_FOUND", "The requested URL was not found on this server.")
            if urlsplit(self.path).query:
                raise bad("The key does not belong into the URL, nor does anything else.")
            self.check_key()
            if RETIRED.search(found[1]):
                raise Problem(404, "NOT_FOUND", f"models/{found[1]} is not found for API version v1beta.")
            try:
                entry["user_text"], variants = check_body(body)
            except (AttributeError, TypeError):
                raise bad("Invalid value: a field has the wrong type.") from None
            entry["step"] = self.server.script.next_step(entry["user_text"])
            reply = make_reply(entry["step"], entry["user_text"], variants, found[1])
        except Problem as problem:
            entry["problem"] = str(problem)
            reply = Reply(problem.code, error(problem.code, problem.status, str(problem)))
        self.server.journal.write(entry)
        if self.server.latency:
            time.sleep(self.server.latency)
        self.answer(reply)

    def do_GET(self):
        self.answer(Reply(404, error(404, "NOT_FOUND", "The requested URL was not found on this server.")))

    def answer(self, reply):
        if reply.action == "hang":
            time.sleep(reply.seconds)
            self.close_connection = True
            return
        if reply.action == "reset":
            self.close_connection = True
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            os.close(self.connection.detach())
            return
        length = len(reply.body) + (100 if reply.action == "short" else 0)
        head = [f"HTTP/1.1 {reply.code} {self.responses.get(reply.code, ('Status',))[0]}",
                f"Content-Type: {reply.kind}", f"Content-Length: {length}"]
        head += [f"{name}: {value}" for name, value in reply.headers]
        if reply.action == "short":
            self.close_connection = True
        head = ("\r\n".join(head) + "\r\n\r\n").encode()
        if reply.action != "slow":
            self.wfile.write(head + reply.body)
            return
        self.wfile.write(head)
        pieces = 20
        step = -(-len(reply.body) // pieces)
        for at in range(0, len(reply.body), step):
            time.sleep(reply.seconds / pieces)
            self.wfile.write(reply.body[at:at + step])


class Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 512
    tls = None
    key_value = ""
    latency = 0.0
    script = None
    journal = None

    def handle_error(self, request, client_address):
        """A client that goes away is nothing to report; a fault of ours is."""
        if not isinstance(sys.exc_info()[1], (OSError, ValueError)):
            super().handle_error(request, client_address)


def watch_stdin():
    while os.read(0, 4096):
        pass
    os._exit(0)


def main():
    options = argparse.ArgumentParser(description="A server that speaks Gemini's generateContent.")
    options.add_argument("--port", type=int, default=0)
    options.add_argument("--cert", help="server certificate: HTTPS instead of HTTP")
    options.add_argument("--key", help="private key of the certificate")
    options.add_argument("--key-value", default="test-key", help="API key that is accepted")
    options.add_argument("--script")
    options.add_argument("--journal")
    options.add_argument("--latency-ms", type=float, default=0)
    options.add_argument("--ignore-stdin", action="store_true")
    given = options.parse_args()

    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    server = Server(("127.0.0.1", given.port), Handler)
    if given.cert:
        server.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        server.tls.load_cert_chain(given.cert, given.key)
    server.key_value = given.key_value
    server.latency = given.latency_ms / 1000
    server.script = Script(given.script)
    server.journal = Journal(given.journal)
    if not given.ignore_stdin:
        threading.Thread(target=watch_stdin, daemon=True).start()
    print(f"READY port={server.server_address[1]}", flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    main()
