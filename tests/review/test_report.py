"""Reports for other programs: each is read back, and says what was found."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from importlib import import_module
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from orchestra_lsp.model import Buffer, Category, Confidence, Edit, Finding, Fix, Related, Safety, Severity, Span
from orchestra_lsp.review.check import check
from orchestra_lsp.review.pages import rules
from orchestra_lsp.review.reviewed import Reviewed, fingerprints
from tests.review.support import buffer

SUBSET = json.loads((Path(__file__).parent / "sarif_subset.json").read_text(encoding="utf-8"))
CODE = "import yaml\n\n\ndef load(text=[]):\n    return '\U0001f600', yaml.load(text)\n"
NASTY = 'a "quoted" <tag> & 100 %\nnext line, with: marks \x01'


def files() -> list[Reviewed]:
    code = buffer("python", CODE, "/project/some folder/a.py")
    found = check(code)
    assert len(found) == 2
    start = CODE.encode().index(b"yaml.load")
    source = CODE.encode().index(b"text")
    related = (Related(Span(source, source + 4), "it comes from here"),)
    fix = Fix("Put it right", (Edit(Span(start, start + 4), "safe"),), Safety.SAFE)
    place = (Span(start, start + 9), Severity.ERROR, Confidence.MEDIUM, Category.SECURITY)
    nasty = Finding("unheard-of", NASTY, *place, (79,), fix, related)
    return [Reviewed("some folder/a.py", code, (*found, nasty)), Reviewed("clean.py", buffer("python", "x = 1\n"), ())]


def written(form: str, given: list[Reviewed] | None = None) -> str:
    text = import_module(f"orchestra_lsp.review.report.{form}").write(files() if given is None else given, rules())
    assert isinstance(text, str)
    return text


# --- sarif ---


def sarif(given: list[Reviewed] | None = None) -> Any:
    log = json.loads(written("sarif", given))
    jsonschema.validate(log, SUBSET)
    return log["runs"][0]


def test_sarif_names_rules_places_and_fingerprints() -> None:
    run = sarif()
    ids = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert ids == sorted({result["ruleId"] for result in run["results"]})
    assert all(ids[result["ruleIndex"]] == result["ruleId"] for result in run["results"])
    yaml_load = next(
        result
        for result in run["results"]
        if "yaml" in result["locations"][0]["physicalLocation"]["region"]["snippet"]["text"] and result["ruleId"] != "unheard-of"
    )
    where = yaml_load["locations"][0]["physicalLocation"]
    assert where["artifactLocation"]["uri"] == "some%20folder/a.py"
    assert (where["region"]["startLine"], where["region"]["startColumn"]) == (5, 17)  # in code points: the face counts as one
    assert where["region"]["snippet"]["text"] == "yaml.load(text)"
    assert all(re.fullmatch("[0-9a-f]{32}", result["partialFingerprints"]["orchestraLine/v1"]) for result in run["results"])
    described = next(rule for rule in run["tool"]["driver"]["rules"] if rule["id"] == yaml_load["ruleId"])
    assert described["help"]["markdown"]
    assert "external/cwe/cwe-502" in described["properties"]["tags"]


def test_sarif_carries_paths_of_data_and_fixes() -> None:
    nasty = next(result for result in sarif()["results"] if result["ruleId"] == "unheard-of")
    steps = nasty["codeFlows"][0]["threadFlows"][0]["locations"]
    assert [step["location"]["message"]["text"] for step in steps] == ["it comes from here", NASTY]
    replaced = nasty["fixes"][0]["artifactChanges"][0]["replacements"][0]
    assert replaced["insertedContent"]["text"] == "safe"
    assert replaced["deletedRegion"]["endColumn"] - replaced["deletedRegion"]["startColumn"] == 4


def test_the_subset_refuses_what_is_no_sarif() -> None:
    log = json.loads(written("sarif"))
    log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["region"]["startLine"] = 0
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(log, SUBSET)


def test_a_clean_review_is_a_report_too() -> None:
    clean = [Reviewed("clean.py", buffer("python", "x = 1\n"), ())]
    assert sarif(clean)["results"] == []
    assert written("github", clean) == ""
    assert json.loads(written("gitlab", clean)) == []
    assert ET.fromstring(written("junit", clean)).attrib["failures"] == "0"
    assert ET.fromstring(written("junit", [])).attrib["tests"] == "0"


# --- the others ---


def test_github_has_one_line_for_each_finding_whatever_it_says() -> None:
    lines = written("github").splitlines()
    assert len(lines) == 3
    assert all(re.match(r"::(error|warning|notice) file=some folder/a\.py,line=\d+,endLine=\d+,", line) for line in lines)
    nasty = next(line for line in lines if "unheard-of" in line)
    assert nasty.endswith('::a "quoted" <tag> & 100 %25%0Anext line, with: marks \x01')
    assert "col=17,endColumn=26" in nasty


def test_gitlab_has_what_its_widget_needs() -> None:
    entries = json.loads(written("gitlab"))
    assert all(set(entry) == {"description", "check_name", "fingerprint", "severity", "location"} for entry in entries)
    assert {entry["severity"] for entry in entries} <= {"info", "minor", "major", "critical", "blocker"}
    assert len({entry["fingerprint"] for entry in entries}) == len(entries) == 3
    assert entries[-1]["location"]["lines"]["begin"] == 5


def test_junit_is_xml_whatever_a_message_says() -> None:
    root = ET.fromstring(written("junit"))
    assert (root.attrib["tests"], root.attrib["failures"]) == ("4", "3")
    failures = root.findall("./testsuite/testcase/failure")
    assert failures[-1].attrib["message"].startswith('a "quoted" <tag> & 100 %')
    assert root.findall("./testsuite")[1].findall("testcase")[0].attrib == {"name": "no findings", "classname": "clean.py"}


# --- fingerprints ---


def prints(text: str) -> list[str]:
    code = buffer("python", text)
    return fingerprints(code, check(code))


def test_fingerprints_outlive_what_happens_elsewhere() -> None:
    first = prints("import yaml\na = yaml.load(x)\n")
    assert first == prints("# more\nimport yaml\n\n\nif a:\n      a =  yaml.load(x)  \n")
    assert first != prints("import yaml\nb = yaml.load(x)\n")


def test_fingerprints_of_equal_lines_differ_and_stay_when_one_is_added() -> None:
    line = "a = yaml.load(x)\n"
    one, two, three = (prints("import yaml\n" + line * count) for count in (1, 2, 3))
    assert len(set(three)) == 3
    assert (one, two) == (three[:1], three[:2])


def test_a_finding_in_an_empty_file_has_one_too() -> None:
    empty: Buffer = buffer("text", "")
    finding = Finding("a-rule", "Here.", Span(0, 0), Severity.HINT, Confidence.LOW, Category.STYLE)
    assert len(fingerprints(empty, [finding])) == 1
