"""Checks and diagnoses for continuous integration: annotations of GitHub, Markdown, JUnit's XML, and SARIF."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Literal, NamedTuple
from urllib.parse import quote

from artifact_warehouse.cli.markdown import cell, table

if TYPE_CHECKING:
    from artifact_warehouse.monitor import CheckReport, Diagnosis, Finding

_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""https://www.w3.org/TR/xml/#charsets"""


Level = Literal["failure", "warning", "skipped", "passed"]


class Item(NamedTuple):
    """One check, or one result of a run."""

    level: Level
    title: str
    message: str
    group: str
    rule: str
    """The check, or the status of the result."""
    file: str | None = None
    owner: str | None = None
    exposures: Sequence[str] = ()
    urls: Sequence[str] = ()
    seconds: float | None = None


class Summary(NamedTuple):
    """The items with a sentence about all of them."""

    title: str
    items: Sequence[Item]


def write_ci(summary: Summary, output_format: str) -> str:
    """The text in one of CI_FORMATS."""
    return "".join(f"{line}\n" for line in _WRITERS[output_format](summary))


def check_summary(report: CheckReport) -> Summary:
    """Each finding; of a failed one about nodes, each node."""
    return Summary(
        report.text.split("\n")[0].removeprefix("dbt: "),
        [item for finding in report.findings for item in _of_finding(finding)],
    )


def _of_finding(finding: Finding) -> Iterator[Item]:
    if finding.is_passed or not finding.names:
        level: Level = "passed" if finding.is_passed else "failure"
        yield Item(level, finding.check, finding.sentence, finding.environment, finding.check)
        return
    from artifact_warehouse.monitor import Contact

    known = {node.unique_id: node for node in finding.nodes}
    for name in finding.names:
        unique_id, _, rule = name.partition(" ")
        message = f"{finding.without_names}{rule and f': {rule}'}"
        node = known.get(unique_id, Contact(unique_id))
        about = (node.original_file_path, node.owner, node.exposure_unique_ids, node.exposure_urls)
        yield Item("failure", unique_id, message, finding.environment, rule or finding.check, *about)


def diagnosis_summary(found: Diagnosis, results: Iterable[dict[str, Any]]) -> Summary:
    """Each result of the run; failures and warnings first."""
    run = found.run
    place = ", ".join(part for part in (run["project_name"], run["environment"], run["job_name"]) if part)
    counts = ", ".join(f"{run[f'{name}_count']} {name}" for name in ("failure", "warn", "skipped", "success"))
    failures, warnings = ({row["unique_id"]: row for row in rows} for rows in (found.failures, found.warnings))
    items = [_of_result(row, failures.get(row["unique_id"]), warnings.get(row["unique_id"])) for row in results]
    return Summary(f"{run['command']} of {place}: {counts}", items)


def _of_result(row: dict[str, Any], failure: dict[str, Any] | None, warning: dict[str, Any] | None) -> Item:
    name, place, seconds = row["unique_id"], row["environment"], row["took_seconds"]
    message, status = row["message"] or row["status"], (row["status"] or "unknown").lower()
    if found := failure or warning:
        since = found.get("failing_since")
        text = f"{message}\nfailing since {since:%Y-%m-%d %H:%M} UTC" if since else message
        about = (found["original_file_path"], found["owner"], found["exposure_unique_ids"], found["exposure_urls"])
        return Item("failure" if failure else "warning", name, text, place, status, *about, seconds)
    if row["skipped_for"] or status == "skipped":
        return Item("skipped", name, f"for {', '.join(row['skipped_for'] or ['an unknown cause'])}", place, status)
    return Item("passed", name, message, place, status, seconds=seconds)


def _github(summary: Summary) -> Iterator[str]:
    """An annotation for each failure and warning.

    https://docs.github.com/actions/reference/workflow-commands-for-github-actions
    """
    commands = {"failure": "error", "warning": "warning"}
    for item in summary.items:
        if item.level in commands:
            properties = {"file": item.file, "title": item.title}
            shown = ",".join(f"{name}={_escaped(value, ':,')}" for name, value in properties.items() if value)
            yield f"::{commands[item.level]} {shown}::{_escaped(item.message + _concerns(item))}"
    yield f"::notice title=dbt::{_escaped(summary.title)}"


def _escaped(text: str, others: str = "") -> str:
    codes = {"%": "%25", "\r": "%0D", "\n": "%0A", **{sign: f"%{ord(sign):02X}" for sign in others}}
    return "".join(codes.get(sign, sign) for sign in text)


def _concerns(item: Item) -> str:
    owner = f"\nowner: {item.owner}" if item.owner else ""
    reach = f"\nreaches {', '.join(item.urls or item.exposures)}" if item.exposures else ""
    return owner + reach


def _markdown(summary: Summary) -> Iterator[str]:
    """A page for a summary of a job, such as GITHUB_STEP_SUMMARY."""
    marks = {"failure": "❌", "warning": "⚠️"}
    yield f"### dbt: {cell(summary.title)}"
    shown = [
        (
            marks[item.level],
            f"`{cell(item.title)}`",
            cell(item.message),
            cell(item.owner or ""),
            ", ".join(cell(name.split(".")[-1]) for name in item.exposures),
        )
        for item in summary.items
        if item.level in marks
    ]
    yield from table(("", "what", "why", "owner", "reaches"), shown)


def _junit(summary: Summary) -> Iterator[str]:
    """A test suite whose cases are the items. https://github.com/testmoapp/junitxml describes the format."""
    from xml.etree import ElementTree

    levels = [item.level for item in summary.items]
    suite = ElementTree.Element(
        "testsuite",
        name=_xml(summary.title),
        tests=str(len(levels)),
        failures=str(levels.count("failure")),
        skipped=str(levels.count("skipped")),
        time=f"{sum(item.seconds or 0 for item in summary.items):.3f}",
    )
    for item in summary.items:
        attributes = {
            "classname": item.group,
            "name": item.title,
            "file": item.file,
            "time": f"{item.seconds or 0:.3f}",
        }
        case = ElementTree.SubElement(suite, "testcase", {k: _xml(v) for k, v in attributes.items() if v is not None})
        text = _xml(item.message + _concerns(item))
        if item.level == "failure":
            ElementTree.SubElement(case, "failure", message=text.split("\n")[0]).text = text
        elif item.level == "skipped":
            ElementTree.SubElement(case, "skipped", message=text)
        elif item.level == "warning":
            ElementTree.SubElement(case, "system-out").text = text
    suites = ElementTree.Element("testsuites")
    suites.append(suite)
    ElementTree.indent(suites)
    yield '<?xml version="1.0" encoding="utf-8"?>'
    yield ElementTree.tostring(suites, encoding="unicode")


def _xml(text: str) -> str:
    return _NOT_XML.sub("�", text)


def _sarif(summary: Summary) -> Iterator[str]:
    """A log of what fails or warns, as code scanning takes it.

    https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
    """
    from importlib.metadata import version

    from artifact_warehouse.cli.cells import to_json

    levels = {"failure": "error", "warning": "warning"}
    shown = [item for item in summary.items if item.level in levels]
    rules = [*dict.fromkeys(item.rule for item in shown)]
    driver = {
        "name": "artifact-warehouse",
        "version": version("artifact-warehouse"),
        "rules": [{"id": rule, "shortDescription": {"text": f"dbt: {rule}"}} for rule in rules],
    }
    results = [
        {
            "ruleId": item.rule,
            "ruleIndex": rules.index(item.rule),
            "level": levels[item.level],
            "message": {"text": f"{item.title}: {item.message}{_concerns(item)}"},
            "locations": [_location(item)],
            "partialFingerprints": {"item/v1": f"{item.group} {item.title} {item.rule}"},
        }
        for item in shown
    ]
    run = {"tool": {"driver": driver}, "results": results, "properties": {"summary": summary.title}}
    yield to_json({"$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0", "runs": [run]})


def _location(item: Item) -> dict[str, Any]:
    """Where an item is: its node, and the first line of its file, as dbt does not tell the line.

    GitHub refuses a log where a result has no file: what is about no node is at dbt_project.yml.
    """
    address = {"uri": quote((item.file or "dbt_project.yml").replace("\\", "/"))}
    return {
        "physicalLocation": {"artifactLocation": address, "region": {"startLine": 1}},
        "logicalLocations": [{"fullyQualifiedName": item.title}],
    }


_WRITERS = {"github": _github, "markdown": _markdown, "junit": _junit, "sarif": _sarif}
CI_FORMATS = (*_WRITERS,)
"""The formats of `check` and `diagnose` for continuous integration."""
