"""Checks and diagnoses for continuous integration: annotations of GitHub, Markdown, and JUnit's XML."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Literal, NamedTuple
from xml.etree import ElementTree

from artifact_warehouse.cli.echo import escape_control_characters
from artifact_warehouse.monitor import CheckReport, Contact, Diagnosis, Finding

CI_FORMATS = ("github", "markdown", "junit")
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""https://www.w3.org/TR/xml/#charsets"""


class Item(NamedTuple):
    """One check, or one result of a run."""

    level: Literal["failure", "warning", "skipped", "passed"]
    title: str
    message: str
    group: str
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
    writers = {"github": _github, "markdown": _markdown, "junit": _junit}
    return "".join(f"{line}\n" for line in writers[output_format](summary))


def check_summary(report: CheckReport) -> Summary:
    """Each finding; of a failed one about nodes, each node."""
    return Summary(
        report.text.split("\n")[0].removeprefix("dbt: "),
        [item for finding in report.findings for item in _of_finding(finding)],
    )


def _of_finding(finding: Finding) -> Iterator[Item]:
    if finding.is_passed or not finding.names:
        yield Item("passed" if finding.is_passed else "failure", finding.check, finding.sentence, finding.environment)
        return
    known = {node.unique_id: node for node in finding.nodes}
    for name in finding.names:
        unique_id, _, rule = name.partition(" ")
        message = f"{finding.without_names}{rule and f': {rule}'}"
        node = known.get(unique_id, Contact(unique_id))
        about = (node.original_file_path, node.owner, node.exposure_unique_ids, node.exposure_urls)
        yield Item("failure", unique_id, message, finding.environment, *about)


def diagnosis_summary(found: Diagnosis, results: Iterable[dict[str, Any]]) -> Summary:
    """Each result of the run; failures and warnings first."""
    run = found.run
    place = ", ".join(part for part in (run["project_name"], run["environment"], run["job_name"]) if part)
    counts = ", ".join(f"{run[f'{name}_count']} {name}" for name in ("failure", "warn", "skipped", "success"))
    failures = {row["unique_id"]: row for row in found.failures}
    warnings = {row["unique_id"] for row in found.warnings}
    items = [_of_result(row, failures.get(row["unique_id"]), row["unique_id"] in warnings) for row in results]
    return Summary(f"{run['command']} of {place}: {counts}", items)


def _of_result(row: dict[str, Any], failure: dict[str, Any] | None, is_warning: bool) -> Item:
    name, place, seconds = row["unique_id"], row["environment"], row["took_seconds"]
    message = row["message"] or row["status"]
    if failure is not None:
        since = failure["failing_since"]
        text = f"{message}\nfailing since {since:%Y-%m-%d %H:%M} UTC" if since else message
        about = (failure["original_file_path"], failure["owner"], failure["exposure_unique_ids"])
        return Item("failure", name, text, place, *about, failure["exposure_urls"], seconds)
    if row["skipped_for"] or (row["status"] or "").lower() == "skipped":
        return Item("skipped", name, f"for {', '.join(row['skipped_for'] or ['an unknown cause'])}", place)
    return Item("warning" if is_warning else "passed", name, message, place, seconds=seconds)


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
    yield f"### dbt: {_cell(summary.title)}"
    shown = [item for item in summary.items if item.level in marks]
    if shown:
        yield ""
        yield "| | what | why | owner | reaches |"
        yield "|---|---|---|---|---|"
    for item in shown:
        reach = ", ".join(_cell(name.split(".")[-1]) for name in item.exposures)
        owner, name = _cell(item.owner or ""), _cell(item.title)
        yield f"| {marks[item.level]} | `{name}` | {_cell(item.message)} | {owner} | {reach} |"


def _cell(text: str) -> str:
    return escape_control_characters(text).replace("|", "\\|").replace("<", "&lt;").replace("\n", "<br>")


def _junit(summary: Summary) -> Iterator[str]:
    """A test suite whose cases are the items. https://github.com/testmoapp/junitxml describes the format."""
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
