"""`check`, `diagnose` and `compare` for continuous integration: annotations, Markdown, JUnit, SARIF, and exit codes."""

from __future__ import annotations

import json
import re
from pathlib import Path
from urllib.parse import unquote
from xml.etree import ElementTree

import pytest
from commandline import run
from testdata import SAMPLES

from artifact_warehouse import Warehouse

pytestmark = pytest.mark.slow

NIGHT = SAMPLES / "environment=prod" / "job=nightly" / "2026-11-06_01_build"
RESULTS = json.loads((NIGHT / "run_results.json").read_bytes())
NODES = json.loads((NIGHT / "manifest.json").read_bytes())["nodes"]
ID = RESULTS["metadata"]["invocation_id"]
STATUS = {result["unique_id"]: result["status"] for result in RESULTS["results"]}
FAILED = {node for node, status in STATUS.items() if status in ("error", "fail")}
WARNED = {node for node, status in STATUS.items() if status == "warn"}
ANNOTATION = re.compile(r"::(?P<level>error|warning) (?:file=(?P<file>[^,:]+),)?title=(?P<title>[^,:]+)::(?P<text>.*)")


@pytest.fixture(scope="module")
def wh(sample_warehouse: Warehouse) -> Path:
    return sample_warehouse.path


def test_annotations_name_the_files_of_what_failed(wh: Path) -> None:
    *lines, notice = run("diagnose", wh, ID, "--format", "github").stdout.splitlines()
    found = [ANNOTATION.fullmatch(line) for line in lines]
    assert {match["title"] for match in found if match and match["level"] == "error"} == FAILED
    assert {match["title"] for match in found if match and match["level"] == "warning"} == WARNED
    messages = {result["unique_id"]: result["message"] for result in RESULTS["results"]}
    for match in found:
        assert match
        if match["level"] == "error":
            assert match["file"] == NODES[match["title"]]["original_file_path"]
        assert unquote(match["text"]).startswith(messages[match["title"]])
    assert notice.startswith("::notice title=dbt::build of harbor_cafe, prod, nightly: ")


def test_junit_has_a_case_for_each_result(wh: Path) -> None:
    suite = ElementTree.fromstring(run("diagnose", wh, ID, "--format", "junit").stdout.encode())[0]
    cases = {case.get("name"): case for case in suite}
    assert {*cases} == {*STATUS} and suite.get("tests") == str(len(STATUS))
    assert {name for name, case in cases.items() if case.find("failure") is not None} == FAILED
    skipped = {name for name, case in cases.items() if case.find("skipped") is not None}
    assert skipped == {node for node, status in STATUS.items() if status == "skipped"}
    assert suite.get("failures") == str(len(FAILED)) and suite.get("skipped") == str(len(skipped))


def test_markdown_has_a_row_for_each_failure_and_warning(wh: Path) -> None:
    text = run("diagnose", wh, ID, "--format", "markdown").stdout
    rows = [line for line in text.splitlines() if line.startswith("| ") and "`" in line]
    assert {re.findall("`([^`]+)`", row)[0] for row in rows} == FAILED | WARNED
    assert {len(re.findall(r"(?<!\\)\|", row)) for row in rows} == {6}


def test_sarif_has_a_result_at_a_file_for_each_failure_and_warning(wh: Path) -> None:
    log = json.loads(run("diagnose", wh, ID, "--format", "sarif").stdout)
    [one] = log["runs"]
    rules = [rule["id"] for rule in one["tool"]["driver"]["rules"]]
    found = {result["locations"][0]["logicalLocations"][0]["fullyQualifiedName"]: result for result in one["results"]}
    assert {name for name, result in found.items() if result["level"] == "error"} == FAILED
    assert {name for name, result in found.items() if result["level"] == "warning"} == WARNED
    for name, result in found.items():
        place = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
        # A test that a later night has no more is of no file.
        assert place in (NODES[name]["original_file_path"], *([] if name in FAILED else ["dbt_project.yml"]))
        assert rules[result["ruleIndex"]] == result["ruleId"] == STATUS[name]


def test_a_comparison_is_a_page_for_a_pull_request(wh: Path, tmp_path: Path) -> None:
    first = json.loads((NIGHT.parent / "2026-11-01_01_build" / "manifest.json").read_bytes())
    before = first["metadata"]["invocation_id"]
    page = run("compare", wh, before, ID, "--format", "markdown").stdout
    assert page.startswith(f"### dbt: build of harbor_cafe, prod: `{ID[:8]}` against `{before[:8]}`\n")
    sections = dict(re.findall(r"#### (\w+)\n\n.*\n.*\n((?:\|.*\n)+)", page))
    names = {key: [re.findall("`([^`]+)`", row)[0] for row in rows.splitlines()] for key, rows in sections.items()}
    assert {*names["Fails"]} == {NODES[node]["name"] for node in FAILED}
    was, now = first["nodes"], NODES
    changed = {node for node in STATUS if node in was and was[node].get("raw_code") != now[node].get("raw_code")}
    assert changed and {NODES[node]["name"] for node in changed} <= {*names["Changed"]}
    # models/marts/rpt_loyalty.sql joins fct_orders by guest_id, and sums its total_eur.
    [orders] = [row for row in sections["Changed"].splitlines() if row.startswith("| `fct_orders` ")]
    assert "`guest_id` → `rpt_loyalty` (join)" in orders
    assert re.search(r"`total_eur` → [^<]*`rpt_loyalty\.spent_eur`", orders)
    assert all(len(re.findall(r"(?<!\\)\|", row)) == 6 for row in sections["Changed"].splitlines())
    file = tmp_path / "page.md"
    assert run("compare", wh, before, ID, "--format", "markdown", "-o", file).exit_code == 0
    assert file.read_text() == page


def test_the_exit_code_says_whether_the_run_failed(wh: Path) -> None:
    good = json.loads((NIGHT.parent / "2026-11-01_01_build" / "run_results.json").read_bytes())
    assert run("diagnose", wh, ID).exit_code == 0
    assert run("diagnose", wh, ID, "--exit-code").exit_code == 1
    assert run("diagnose", wh, good["metadata"]["invocation_id"], "--exit-code").exit_code == 0


@pytest.mark.parametrize("output_format", ["github", "markdown", "junit", "sarif"])
def test_checks_name_the_nodes_that_fail(wh: Path, output_format: str) -> None:
    done = run("check", wh, "--max-failing", "0", "--rules", "info", "--format", output_format)
    assert done.exit_code == 1
    assert "model.harbor_cafe.fct_ferry_demand" in done.stdout
    assert "models/marts/fct_ferry_demand.sql" in done.stdout or output_format == "markdown"
    report = json.loads(run("check", wh, "--max-failing", "0", "--format", "json").stdout)
    [failed] = [finding for finding in report["findings"] if not finding["is_passed"]]
    [node] = failed["nodes"]
    assert node["original_file_path"] == "models/marts/fct_ferry_demand.sql"
    assert node["exposure_unique_ids"] == ["exposure.harbor_cafe.harbour_dashboard"]
    assert node["exposure_urls"] == ["https://dashboards.example.com/harbour"]


def test_a_diagnosis_as_json_says_whom_a_failure_concerns(wh: Path) -> None:
    found = json.loads(run("diagnose", wh, ID, "--format", "json").stdout)
    for failure in found["failures"]:
        assert failure["original_file_path"] == NODES[failure["unique_id"]]["original_file_path"]
        assert {"owner", "exposure_unique_ids", "exposure_urls"} <= {*failure}
