"""Small web handlers with a label each: the same program once with a way from the request to a sink and once without.

Every case is a source, a way and a sink put together; a way says itself whether what leaves it still comes from outside.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from dataclasses import dataclass

HEAD = """
import base64
import configparser
import hashlib
import html
import io
import os
import pathlib
import pickle
import re
import shlex
import sqlite3
import subprocess
import urllib.parse
import uuid
import xml.sax

import elementpath
import helpers.things
import ldap3
import lxml.etree
import requests
import yaml
from flask import Flask, make_response, redirect, render_template_string, request, session


def same(value):
    return value


def other(value):
    return "always this"


def second(first, value):
    kept = [first, value]
    return kept[1]


class Holder:
    kind = "holder"

    def __init__(self, value):
        self.value = value
        self.fixed = "fixed"

    def given(self):
        return self.value

    def own(self):
        return self.fixed

    def through(self, value):
        made = {"a": value, "b": self.fixed}
        return made["a"]
"""

SOURCES = {
    "query": 'param = request.args.get("name")',
    "query list": 'param = request.args.getlist("name")[0]',
    "form": 'param = request.form["name"] if "name" in request.form else ""',
    "form default": 'param = request.form.get("name", "nobody")',
    "header": """
param = request.headers.get("Referer", "")
param = urllib.parse.unquote(param)
""",
    "header names": """
param = ""
for one in request.headers.keys():
    if one.startswith("X-"):
        param = one
        break
""",
    "cookie": 'param = urllib.parse.unquote_plus(request.cookies.get("name", ""))',
    "values": """
values = request.values.to_dict()
param = values["name"]
""",
    "raw query": 'param = request.query_string.decode("utf-8").partition("name=")[2]',
    "form keys": """
param = ""
for key in request.form.keys():
    if request.form[key] == "it":
        param = key
""",
    "json": 'param = (request.get_json() or {}).get("name")',
    "path": "param = name",
}

#: What stands between, and whether `bar` still comes from outside afterwards.
WAYS = {
    "plain": ("bar = param", True),
    "constant": ('bar = "constant"', False),
    "same": ("bar = same(param)", True),
    "other": ("bar = other(param)", False),
    "second of two": ('bar = second("a", param)', True),
    "first of two": ('bar = second(param, "a")', False),
    "class given": ("bar = Holder(param).given()", True),
    "class own": ("bar = Holder(param).own()", False),
    "class through": (
        """
thing = Holder("a")
bar = thing.through(param)
""",
        True,
    ),
    "class field": (
        """
thing = Holder(param)
bar = thing.fixed
""",
        False,
    ),
    "foreign helper": (
        """
thing = helpers.things.make()
bar = thing.work(param)
""",
        True,
    ),
    "dictionary in": (
        """
kept = {}
kept["a"] = "one"
kept["b"] = param
bar = kept["b"]
""",
        True,
    ),
    "dictionary out": (
        """
kept = {}
kept["a"] = "one"
kept["b"] = param
bar = kept["b"]
bar = kept["a"]
""",
        False,
    ),
    "list in": (
        """
kept = []
kept.append("one")
kept.append(param)
kept.append("two")
kept.pop(0)
bar = kept[0]
""",
        True,
    ),
    "list out": (
        """
kept = []
kept.append("one")
kept.append(param)
kept.append("two")
kept.pop(0)
bar = kept[1]
""",
        False,
    ),
    "settings in": (
        """
conf = configparser.ConfigParser()
conf.add_section("s")
conf.set("s", "a", "one")
conf.set("s", "b", param)
bar = conf.get("s", "b")
""",
        True,
    ),
    "settings out": (
        """
conf = configparser.ConfigParser()
conf.add_section("s")
conf.set("s", "a", "one")
conf.set("s", "b", param)
bar = conf.get("s", "a")
""",
        False,
    ),
    "settings index": (
        """
conf = configparser.ConfigParser()
conf["s"] = {}
conf["s"]["b"] = param
bar = conf["s"]["b"]
""",
        True,
    ),
    "condition never": (
        """
num = 106
if 7 * 18 + num > 200:
    bar = "constant"
else:
    bar = param
""",
        False,
    ),
    "condition always": (
        """
num = 196
if 500 / 42 + num > 200:
    bar = param
else:
    bar = "constant"
""",
        True,
    ),
    "ternary never": (
        """
num = 86
bar = "constant" if 7 * 42 - num > 200 else param
""",
        False,
    ),
    "ternary always": (
        """
num = 106
bar = param if 7 * 18 + num > 200 else "constant"
""",
        True,
    ),
    "match never": (
        """
letter = "ABC"[1]
match letter:
    case "A":
        bar = param
    case "B":
        bar = "constant"
    case "C" | "D":
        bar = param
    case _:
        bar = "other"
""",
        False,
    ),
    "match always": (
        """
letter = "ABC"[2]
match letter:
    case "A":
        bar = param
    case "B":
        bar = "constant"
    case "C" | "D":
        bar = param
    case _:
        bar = "other"
""",
        True,
    ),
    "slices": ('bar = param[:2] + "x" + param[2:]', True),
    "format": ('bar = "{}-{}".format("a", param)', True),
    "percent": ('bar = "%s" % param', True),
    "join": ('bar = "".join([letter for letter in param])', True),
    "replace": ('bar = param.replace("a", "b").strip()', True),
    "split": (
        """
bar = ""
if param:
    bar = param.split(" ")[0]
""",
        True,
    ),
    "bytes": ('bar = base64.b64decode(base64.b64encode(param.encode("utf-8"))).decode("utf-8")', True),
    "buffer": (
        """
held = io.StringIO()
held.write("start ")
held.write(param)
bar = held.getvalue()
""",
        True,
    ),
    "overwritten": (
        """
bar = param
bar = "constant"
""",
        False,
    ),
    "partition": (
        """
start, _, rest = "a=b".partition("=")
bar = rest
""",
        False,
    ),
    "unpacking": ('bar, rest = "constant", param', False),
    "unpacking in": ('rest, bar = "constant", param', True),
    "nested function": (
        """
def inner(value):
    return value + "."
bar = inner(param)
""",
        True,
    ),
    "lambda": (
        """
pick = lambda one, two: two
bar = pick("a", param)
""",
        True,
    ),
    "lambda out": (
        """
pick = lambda one, two: two
bar = pick(param, "a")
""",
        False,
    ),
    "loop": (
        """
bar = ""
for one in [param, "a"]:
    bar += one
""",
        True,
    ),
    "number": ("bar = str(int(param))", False),
    "identifier": ("bar = str(uuid.UUID(param))", False),
    "digest": ("bar = hashlib.sha256(param.encode()).hexdigest()", False),
    "fixed list": (
        """
bar = "a"
if param in ("a", "b"):
    bar = param
""",
        False,
    ),
    "refused": (
        """
bar = param
if bar not in ["a", "b"]:
    return "no"
""",
        False,
    ),
    "pattern": (
        """
if not re.fullmatch(r"[a-z0-9]+", param):
    return "no"
bar = param
""",
        False,
    ),
    "table": ('bar = {"a": "x", "b": "y"}.get(param, "z")', False),
    "tried": (
        """
try:
    bar = param
except ValueError:
    bar = "constant"
""",
        True,
    ),
}


@dataclass(frozen=True)
class Sink:
    """`text` uses `bar`; `cleaned` is the same with what makes it harmless, empty if there is nothing."""

    cwe: int
    text: str
    cleaned: str = ""


SINKS = {
    "open": Sink(
        22,
        """
with open(f"files/{bar}", "rb") as found:
    found.read()
""",
        """
with open("files/" + os.path.basename(bar)) as found:
    found.read()
""",
    ),
    "path": Sink(
        22,
        '(pathlib.Path("files") / bar).read_text()',
        """
if "../" in bar or bar.startswith("/"):
    return "no"
(pathlib.Path("files") / bar).read_text()
""",
    ),
    "remove": Sink(
        22,
        'os.remove(os.path.join("files", bar))',
        """
whole = os.path.realpath(os.path.join("files", bar))
if not whole.startswith("/srv/files/"):
    return "no"
os.remove(whole)
""",
    ),
    "sql": Sink(
        89,
        """
sql = f"SELECT a FROM b WHERE c = '{bar}'"
cursor = sqlite3.connect("d").cursor()
cursor.execute(sql)
""",
        """
cursor = sqlite3.connect("d").cursor()
cursor.execute("SELECT a FROM b WHERE c = ?", (bar,))
""",
    ),
    "shell": Sink(
        78,
        'subprocess.run(f"echo {bar}", shell=True)',
        'subprocess.run("echo " + shlex.quote(bar), shell=True)',
    ),
    "list": Sink(
        78,
        """
given = ["sh", "-c", "echo " + bar]
subprocess.Popen(given)
""",
        """
given = ["echo", bar]
subprocess.Popen(given)
""",
    ),
    "eval": Sink(
        94,
        "eval(bar)",
        """
if not bar.startswith("'") or not bar.endswith("'") or "'" in bar[1:-1]:
    return "no"
eval(bar)
""",
    ),
    "exec": Sink(
        94,
        'exec(f"x = {bar}")',
    ),
    "page": Sink(
        79,
        'return "<p>" + bar + "</p>"',
        'return "<p>" + html.escape(bar) + "</p>"',
    ),
    "response": Sink(
        79,
        """
answer = ""
answer += f"Hello {bar}"
return make_response(answer)
""",
        """
answer = make_response(html.escape(bar))
return answer
""",
    ),
    "template": Sink(
        1336,
        'return render_template_string("<p>" + bar)',
        'return render_template_string("<p>{{ bar }}", bar=bar)',
    ),
    "redirect": Sink(
        601,
        "return redirect(bar)",
        """
if urllib.parse.urlparse(bar).netloc not in ["example.com"]:
    return "no"
return redirect(bar)
""",
    ),
    "xpath": Sink(
        643,
        """
root = lxml.etree.parse("a.xml")
root.xpath(f"/a[@b='{bar}']")
""",
        """
root = lxml.etree.parse("a.xml")
if "'" in bar:
    return "no"
root.xpath(f"/a[@b='{bar}']")
""",
    ),
    "elementpath": Sink(
        643,
        """
root = lxml.etree.parse("a.xml")
elementpath.select(root, "/a[@b='" + bar + "']")
""",
        """
root = lxml.etree.parse("a.xml")
elementpath.select(root, "/a[@b=$b]", variables={"b": bar})
""",
    ),
    "ldap": Sink(
        90,
        """
conn = ldap3.Connection(ldap3.Server("x"))
conn.search("dc=x", f"(&(objectclass=person)(uid={bar}))", attributes=["cn"])
""",
        """
conn = ldap3.Connection(ldap3.Server("x"))
conn.search("dc=x", "(uid=" + ldap3.utils.conv.escape_filter_chars(bar) + ")")
""",
    ),
    "pickle": Sink(
        502,
        "pickle.loads(base64.urlsafe_b64decode(bar))",
    ),
    "yaml": Sink(
        502,
        "yaml.load(bar, Loader=yaml.Loader)",
        "yaml.load(bar, Loader=yaml.SafeLoader)",
    ),
    "session": Sink(
        501,
        'session["name"] = bar',
        'session["name"] = "a"',
    ),
    "session key": Sink(
        501,
        'session[bar] = "1"',
    ),
    "xml": Sink(
        611,
        """
reader = xml.sax.make_parser()
reader.setFeature(xml.sax.handler.feature_external_ges, True)
reader.parse(io.StringIO(bar))
""",
        """
reader = xml.sax.make_parser()
reader.parse(io.StringIO(bar))
""",
    ),
    "fetch": Sink(
        918,
        "requests.get(bar, timeout=1)",
        'requests.get("https://example.com/a?b=" + bar, timeout=1)',
    ),
}


@dataclass(frozen=True)
class Case:
    """One program. `bad`: the weakness `cwe` is in it."""

    name: str
    cwe: int
    bad: bool
    code: str


def cases() -> Iterator[Case]:
    """Every sink with every way, the sources in turn; the cleaned twin of a sink stands behind each way that leaves it open."""
    sources = list(SOURCES.items())
    count = 0
    for sink_name, sink in SINKS.items():
        for way_name, (way, still) in WAYS.items():
            source_name, source = sources[count % len(sources)]
            count += 1
            yield Case(f"{source_name}, {way_name}, {sink_name}", sink.cwe, still, _program(source, way, sink.text))
            if sink.cleaned and still:
                yield Case(f"{source_name}, {way_name}, {sink_name} cleaned", sink.cwe, False, _program(source, way, sink.cleaned))


def _program(source: str, way: str, sink: str) -> str:
    """A handler made inside a function that sets the application up, or at the top: both are usual."""
    source, way, sink = source.strip("\n"), way.strip("\n"), sink.strip("\n")
    body = f"{source}\n{way}\n{sink}\n" + ("" if "return" in sink.rsplit("\n", 1)[-1] else 'return "done"\n')
    handler = f'@app.route("/case/<name>", methods=["GET", "POST"])\ndef case(name):\n{textwrap.indent(body, "    ")}'
    if len(way) % 2:
        return f"{HEAD}\n\napp = Flask(__name__)\n\n\n{handler}"
    return f"{HEAD}\n\ndef init(app):\n{textwrap.indent(handler, '    ')}"
