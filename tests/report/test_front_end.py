"""The sources of the front end: what their joining and the page's policy ask of them."""

from __future__ import annotations

import re
from collections import Counter

import pytest
from testdata import ROOT

from artifact_warehouse.report.html_file import MODULES, VENDORED, html_file

FOLDER = ROOT / "artifact_warehouse" / "report"
SOURCES = {path.name: path.read_text() for path in sorted((FOLDER / "page").glob("*.js"))}
TOP_NAME = re.compile(r"^(?:export )?(?:async )?(?:const|let|function|class) (\w+)", re.MULTILINE)
IMPORT = re.compile(r'^import \{([^}]*)\} from "\./(\w+\.js)";$', re.MULTILINE)


def test_every_module_is_joined() -> None:
    assert sorted(MODULES) == sorted(SOURCES)


def test_top_names_are_unique_as_modules_share_one_scope() -> None:
    names = Counter(name for text in SOURCES.values() for name in TOP_NAME.findall(text))
    assert [name for name, count in names.items() if count > 1] == []
    assert [
        text for text in SOURCES.values() if re.search(r"^(?:export )?(?:const|let) [\[{]", text, re.MULTILINE)
    ] == []


@pytest.mark.parametrize("name", SOURCES)
def test_imports_name_what_other_modules_export_and_nothing_else_is_imported(name: str) -> None:
    text = SOURCES[name]
    found = IMPORT.findall(text)
    assert len(found) == len(re.findall(r"^import\b", text, re.MULTILINE))
    for names, module in found:
        exported = set(
            re.findall(r"^export (?:async )?(?:const|let|function|class) (\w+)", SOURCES[module], re.MULTILINE)
        )
        wanted = {part.strip() for part in names.split(",") if part.strip()}
        assert wanted <= exported, (module, wanted - exported)
        body = text[text.index("\n", text.rindex("import ")) :] if "import " in text else text
        assert {one for one in wanted if not re.search(rf"\b{re.escape(one)}\b", body)} == set(), "unused"


@pytest.mark.parametrize("name", SOURCES)
def test_no_text_becomes_markup_and_nothing_is_asked_of_a_network(name: str) -> None:
    forbidden = r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser|\beval\b|new Function"
    network = r"\bfetch\(|XMLHttpRequest|WebSocket|EventSource|sendBeacon|import\("
    assert re.findall(f"{forbidden}|{network}", SOURCES[name]) == []
    assert len(SOURCES[name].splitlines()) <= 400


def test_the_script_has_nothing_that_ends_it_or_that_a_browser_would_ask_for() -> None:
    [script] = re.findall(r"<script>(.*)</script>", html_file("a", {}), re.DOTALL)
    assert re.findall(r"</script|<!--|sourceMappingURL|@\w+@", script, re.IGNORECASE) == []


def test_every_library_has_its_licence() -> None:
    libraries = {re.split(r"[-.]", name)[0] for name in VENDORED}
    assert {path.name.split(".")[0] for path in (FOLDER / "vendor").glob("*.LICENSE")} == libraries
