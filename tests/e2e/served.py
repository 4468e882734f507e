"""A running `soak serve` for the tests, and a validator for the part of JSON Schema that docs/openapi.json uses."""
import http.client
import json
import math
import os
import pathlib
import re
import subprocess
import time

SOAK = os.environ["SOAK_PROGRAM"]
ROOT = pathlib.Path(__file__).resolve().parents[2]
TYPES = {"object": dict, "array": list, "string": str, "boolean": bool, "null": type(None)}


class Invalid(Exception):
    pass


def is_type(value, name):
    if name == "number":
        return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
    if name == "integer":
        return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, TYPES[name])


def validate(value, schema, document, where="$"):
    known = {"type", "enum", "required", "additionalProperties", "properties", "items", "oneOf", "$ref", "description", "minimum", "maximum"}
    if set(schema) - known:
        raise Invalid(f"{where}: the validator does not know {set(schema) - known}")
    if "$ref" in schema:
        target = document
        for part in schema["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        return validate(value, target, document, where)
    if "oneOf" in schema:
        problems = []
        for option in schema["oneOf"]:
            try:
                validate(value, option, document, where)
            except Invalid as problem:
                problems.append(str(problem))
        if len(schema["oneOf"]) - len(problems) != 1:
            raise Invalid(f"{where}: fits {len(schema['oneOf']) - len(problems)} of oneOf: {problems}")
    types = schema.get("type", [])
    types = [types] if isinstance(types, str) else types
    if types and not any(is_type(value, one) for one in types):
        raise Invalid(f"{where}: {value!r:.80} is none of {types}")
    if "enum" in schema and value not in schema["enum"]:
        raise Invalid(f"{where}: {value!r:.80} is none of {schema['enum']}")
    if isinstance(value, dict):
        missing = set(schema.get("required", [])) - set(value)
        if missing:
            raise Invalid(f"{where}: lacks {missing}")
        others = schema.get("additionalProperties", True)
        for key, member in value.items():
            if key in schema.get("properties", {}):
                validate(member, schema["properties"][key], document, f"{where}.{key}")
            elif others is False:
                raise Invalid(f"{where}: has {key}, which is not in the schema")
            elif isinstance(others, dict):
                validate(member, others, document, f"{where}.{key}")
    if isinstance(value, list) and "items" in schema:
        for k, member in enumerate(value):
            validate(member, schema["items"], document, f"{where}[{k}]")


class Answer:
    def __init__(self, response):
        self.status = response.status
        self.headers = response.headers
        self.body = response.read()

    def json(self):
        return json.loads(self.body, parse_constant=lambda word: (_ for _ in ()).throw(Invalid(word)))


class Server:
    """`soak serve` on a free port, until the end of the with block: SIGTERM, and exit 0."""

    def __init__(self, path, *options, cwd=None):
        self.process = subprocess.Popen([SOAK, "serve", "--path", str(path), "--listen", "127.0.0.1:0", *options], cwd=cwd,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        line = self.process.stderr.readline()
        found = re.match(r"soak: serving on http://127\.0\.0\.1:(\d+)/", line)
        if not found:
            self.process.kill()
            raise RuntimeError(f"soak serve: {line}{self.process.communicate()[1]}")
        self.port = int(found.group(1))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        out, err = self.process.communicate(timeout=60)
        if _[0] is None and (self.process.returncode, out, err) != (0, "", ""):
            raise AssertionError(f"soak serve ended with {self.process.returncode}: {out}{err}")

    def connect(self, timeout=60):
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)

    def get(self, path, method="GET", **headers):
        connection = self.connect()
        try:
            connection.request(method, path, headers={name.replace("_", "-"): value for name, value in headers.items()})
            return Answer(connection.getresponse())
        finally:
            connection.close()

    def rss_kib(self):
        return int(re.search(r"VmRSS:\s+(\d+)", pathlib.Path(f"/proc/{self.process.pid}/status").read_text()).group(1))


def soak(*arguments, cwd, expect=0):
    done = subprocess.run([SOAK, *arguments], cwd=cwd, capture_output=True, text=True, timeout=120)
    if done.returncode != expect:
        raise AssertionError(f"{arguments}: {done.returncode}: {done.stdout}{done.stderr}")
    return done


def soon(condition, seconds=60):
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        value = condition()
        if value:
            return value
        time.sleep(0.02)
    return condition()


class Events:
    """Reads a stream of server-sent events."""

    def __init__(self, server, path):
        self.connection = server.connect()
        self.connection.request("GET", path)
        self.response = self.connection.getresponse()

    def next(self):
        """(event, data) of the next one; comments and the retry line are passed over."""
        name, data = None, None
        while True:
            line = self.response.readline().decode()
            if not line:
                raise EOFError
            line = line.rstrip("\n")
            if line.startswith("event: "):
                name = line[7:]
            elif line.startswith("data: "):
                data = json.loads(line[6:])
            elif not line and name:
                return name, data

    def close(self):
        self.response.close()
        self.connection.close()
