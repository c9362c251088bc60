"""The documentation agrees with itself and with the code: rules that are cited exist, links lead somewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from testdata import ROOT

RULES = (ROOT / "docs" / "rules.md").read_text(encoding="utf-8")
PAGES = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), ROOT / "sql" / "README.md"]
CITED = re.compile(r"\brules? (\d+(?:(?:, | and )\d+)*)", re.IGNORECASE)
EXAMPLE = "sql/v1/warnings_by_day.sql"
LINK = re.compile(r"\]\(([^)\s]+)\)|^\[[^\]]+\]: (\S+)$", re.MULTILINE)


def cited_rules() -> list[tuple[str, str]]:
    """(file, number) of every rule that code, SQL, tests and documentation cite."""
    files = [path for path in sources() if path.suffix in {".py", ".sql", ".md"}]
    return [
        (str(path.relative_to(ROOT)), number)
        for path in files
        for found in CITED.finditer(path.read_text(encoding="utf-8"))
        for number in re.findall(r"\d+", found[1])
    ]


def sources() -> list[Path]:
    folders = ("artifact_warehouse", "sql", "tests", "docs", "benchmarks")
    return [path for folder in folders for path in (ROOT / folder).rglob("*") if path.is_file()]


def test_the_rules_are_numbered_from_one_and_each_has_its_anchor() -> None:
    numbers = re.findall(r"^## (\d+)\. ", RULES, re.MULTILINE)
    assert numbers == [str(number) for number in range(1, 11)]
    assert re.findall(r'^<a id="rule-(\d+)"></a>\n## \1\. ', RULES, re.MULTILINE) == numbers


def test_every_cited_rule_exists() -> None:
    cited = cited_rules()
    assert {"artifact_warehouse", "sql", "tests"} <= {file.split("/")[0] for file, _ in cited}
    assert [pair for pair in cited if f'<a id="rule-{pair[1]}"></a>' not in RULES] == []


def test_the_architecture_names_every_room() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    package = ROOT / "artifact_warehouse"
    rooms = [path.name for path in package.iterdir() if path.name[0] != "_" and path.suffix in ("", ".py")]
    assert [room for room in rooms if f"`{room}`" not in text] == []


@pytest.mark.parametrize("page", ["CONTRIBUTING.md", "docs/architecture.md"])
def test_every_file_that_a_page_for_developers_names_is_there(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    named = set(re.findall(r"`((?:artifact_warehouse|docs|scripts|sql)/[\w./]+)`", text)) - {EXAMPLE}
    assert len(named) >= 3
    assert [name for name in sorted(named) if not (ROOT / name).exists()] == []
    tests = {path.name for path in (ROOT / "tests").rglob("*.py")}
    assert set(re.findall(r"`(test_\w+\.py)`", text)) <= tests


def anchors(page: Path) -> set[str]:
    """The anchors of a page: those it sets, and those that GitHub makes of its headings."""
    text = re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    made = {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
    return made | set(re.findall(r'<a id="([^"]+)">', text))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_within_the_repository_leads_to_a_file_and_an_anchor(page: Path) -> None:
    text = re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    links = [first or second for first, second in LINK.findall(text)]
    for link in (link for link in links if not link.startswith("https://")):
        file, _, anchor = link.partition("#")
        target = (page.parent / file).resolve() if file else page
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link
