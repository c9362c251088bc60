"""`check` and `diagnose` for continuous integration: annotations, Markdown, JUnit, and exit codes."""

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


def test_the_exit_code_says_whether_the_run_failed(wh: Path) -> None:
    good = json.loads((NIGHT.parent / "2026-11-01_01_build" / "run_results.json").read_bytes())
    assert run("diagnose", wh, ID).exit_code == 0
    assert run("diagnose", wh, ID, "--exit-code").exit_code == 1
    assert run("diagnose", wh, good["metadata"]["invocation_id"], "--exit-code").exit_code == 0


@pytest.mark.parametrize("output_format", ["github", "markdown", "junit"])
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
