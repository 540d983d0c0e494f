"""What a PostgreSQL server says, through psql, and values as it writes and reads them."""
import json
import os
import re
import subprocess
import tempfile
from decimal import Decimal

from brim_reference import Json


class ServerError(Exception):
    pass


def psql(script):
    """Run a script; its lines of output one by one."""
    with tempfile.TemporaryDirectory() as directory:
        path = os.path.join(directory, "script.sql")
        with open(path, "w", encoding="utf-8", newline="\n") as file:
            file.write("SET client_min_messages = warning;\n")
            file.writelines([script] if isinstance(script, str) else script)
        with open(os.path.join(directory, "errors"), "w+", encoding="utf-8", errors="replace") as errors:
            process = subprocess.Popen(
                ["psql", "--no-psqlrc", "--quiet", "--no-align", "--tuples-only", "--set=ON_ERROR_STOP=1", "--set=VERBOSITY=verbose", "-f", path],
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors,
                env={**os.environ, "PGCLIENTENCODING": "UTF8"})
            try:
                for line in process.stdout:
                    yield line[:-1].decode()
            finally:
                process.stdout.close()
                status = process.wait()
            if status:
                errors.seek(0)
                raise ServerError(re.sub(r"psql:[^ ]*: ", "", errors.read()).strip() or f"psql ended with status {status}")


def run(script):
    return list(psql(script))


def copied(line):
    """The fields of a line of COPY."""
    return [None if f == "\\N" else unescape(f) for f in line.split("\t")]


def unescape(field):
    if "\\" not in field:
        return field
    out, parts = [], iter(field.split("\\"))
    out.append(next(parts))
    for part in parts:
        if part == "":                      # an escaped backslash, and what follows it
            out.append("\\" + next(parts))
        else:
            out.append({"t": "\t", "n": "\n", "r": "\r", "b": "\b", "f": "\f", "v": "\v"}[part[0]] + part[1:])
    return "".join(out)


_escapes = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r", "\b": "\\b", "\f": "\\f", "\v": "\\v"})


def copy_field(value):
    return "\\N" if value is None else plain(value).translate(_escapes)


def plain(value):
    """A value as text that PostgreSQL reads."""
    if isinstance(value, Json):
        return to_json(value.value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return array_text(value)
    return value if isinstance(value, str) else str(value)


def array_text(values):
    if not values:
        return "{}"
    return "{" + ",".join("NULL" if v is None else array_text(v) if isinstance(v, list)
                          else '"' + v.replace("\\", "\\\\").replace('"', '\\"') + '"' for v in values) + "}"


def to_json(value):
    if isinstance(value, dict):
        return "{" + ", ".join(json.dumps(k, ensure_ascii=False) + ": " + to_json(v) for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(to_json, value)) + "]"
    if isinstance(value, Decimal):
        return str(value)
    return json.dumps(value, ensure_ascii=False)


def from_json(text):
    return json.loads(text, parse_float=Decimal)


def literal(text):
    quoted = "'" + text.replace("'", "''").replace("\\", "\\\\") + "'"
    for char, escape in (("\t", "\\t"), ("\n", "\\n"), ("\r", "\\r")):
        quoted = quoted.replace(char, escape)
    return "E" + quoted if "\\" in quoted else quoted


def copy_out(query):
    return f"COPY ({query}) TO STDOUT;\n"


def copy_in(table, rows):
    yield f"COPY {table} FROM STDIN;\n"
    for row in rows:
        yield "\t".join(map(copy_field, row)) + "\n"
    yield "\\.\n"
