"""Shapes, texts and places of pictures: what any picture keeps, whatever it shows."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections import Counter
from datetime import datetime, timedelta
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from artifact_warehouse.drawing import (
    TimeAxis,
    axis_seconds,
    cut,
    document,
    layout,
    lines,
    listing,
    marked,
    picture,
    round_steps,
    short_seconds,
    spread,
    text,
    width_of,
)

FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class Page(HTMLParser):
    """The elements and texts of a page, as a browser finds them."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.counts: Counter[str] = Counter()
        self.texts: list[str] = []
        self.feed(page)
        self.close()
        self.tags = set(self.counts)

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.counts[tag] += 1

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def test_edges_lead_to_the_right_and_no_two_nodes_share_a_place() -> None:
    edges = [(0, 1), (1, 2), (0, 2), (2, 3), (0, 3), (4, 3), (4, 2)]
    placed = layout(6, edges)
    assert all(placed.places[start][0] < placed.places[end][0] for start, end in edges)
    assert len(set(placed.places)) == 6
    assert [len(placed.bends.get(edge, ())) for edge in edges] == [0, 0, 1, 0, 2, 1, 0]
    cycle = layout(3, [(0, 1), (1, 2), (2, 0)])
    assert len(set(cycle.places)) == 3


def test_places_keep_their_order_and_distance() -> None:
    assert spread([0.0, 5.0, 9.0]) == [0.0, 5.0, 9.0]
    assert spread([1.0, 1.0, 1.0]) == [0.0, 1.0, 2.0]


@given(st.text(st.characters()))
def test_any_text_is_a_text_of_a_picture_and_no_markup(words: str) -> None:
    root = ET.fromstring(picture(100, 20, words, [text(0, 0, words, "lab")]))
    [shown] = root.iter("{http://www.w3.org/2000/svg}text")
    known = FORBIDDEN.sub("\N{REPLACEMENT CHARACTER}", words)
    assert (shown.text or "") == known.replace("\r\n", "\n").replace("\r", "\n")  # as every reader of XML does
    assert {element.tag.rpartition("}")[2] for element in root.iter()} == {"svg", "style", "g", "rect", "text"}


@given(st.text(), st.floats(20, 400))
def test_a_cut_text_fits_and_begins_as_the_whole_one(words: str, pixels: float) -> None:
    short = cut(words, pixels)
    assert short == words or (short[-1] == "…" and words.startswith(short[:-1]))
    assert width_of(short) <= pixels


@given(st.floats(1e-6, 1e7), st.integers(2, 9))
def test_steps_begin_at_nought_and_end_below_the_top(top: float, wanted: int) -> None:
    steps = round_steps(top, wanted)
    assert steps[0] == 0
    assert 1 <= len(steps) <= wanted + 2
    assert steps[-1] <= top * 1.0002


@given(st.text(st.characters()))
def test_any_text_is_a_text_of_a_table_and_no_markup(words: str) -> None:
    table = listing((f"a{words}", ">"), [(words, 1), (marked("failure", words), 2), (lines(words), 3)])
    page = Page(document(table))
    assert (
        {"table", "td"}
        <= page.tags
        <= {
            *("div", "style", "table", "thead", "tbody", "tr", "th", "td", "span", "svg", "path", "details", "summary"),
            "pre",
        }
    )
    known = FORBIDDEN.sub("\N{REPLACEMENT CHARACTER}", words)
    assert (known in page.texts) == bool(known)
    assert (f"\N{NO-BREAK SPACE}{known}" in page.texts) and (f"a{known}" in page.texts)


def test_a_table_leaves_out_empty_columns_and_says_what_it_cuts() -> None:
    page = Page(document(listing(("name", "owner", ">rows"), [(f"m{number}", "", number) for number in range(1_234)])))
    assert page.texts[1:4] == ["name", "rows", "m0"]
    assert page.texts[-1] == "The first 200 of 1,234 rows"
    assert page.counts["tr"] == 201


@pytest.mark.parametrize("made", [picture(1, 1, "", []), document()])
def test_a_style_is_that_of_the_picture_alone_and_names_colours(made: str) -> None:
    """Notebooks put the style into their own page; programs that convert SVG know no variables."""
    [style] = [one for one in ET.fromstring(made).iter() if one.tag.endswith("style")]
    rules = style.text or ""
    assert "var(" not in rules
    assert "#c2331a" in rules
    assert "#ff7b5f" in rules.partition("prefers-color-scheme: dark")[2]
    selectors = re.findall(r"^([^\s}@][^{,]*)", rules, re.MULTILINE)
    assert [one for one in selectors if not one.startswith(".artifact-warehouse ")] == []


@pytest.mark.parametrize(
    ("seconds", "words", "axis_words"),
    [
        *[
            (0, "0 s", "0 s"),
            (0.065, "65 ms", "65 ms"),
            (0.5, "0.50 s", "0.5 s"),
            (2, "2.0 s", "2 s"),
            (34, "34 s", "34 s"),
        ],
        *[
            (300, "5 min 00 s", "5 min"),
            (521, "8 min 41 s", "8 min 41 s"),
            (7200, "2.0 h", "2 h"),
            (190_000, "2.2 d", "2.2 d"),
        ],
    ],
)
def test_durations_are_those_of_the_page(seconds: float, words: str, axis_words: str) -> None:
    assert (short_seconds(seconds), axis_seconds(seconds)) == (words, axis_words)


def test_a_time_axis_has_its_days_between_its_edges() -> None:
    first = datetime(2026, 11, 6, 23)
    axis = TimeAxis(first, first + timedelta(days=3), 100, 500)
    assert axis.x(datetime(2026, 11, 6)) == 100
    assert axis.x(datetime(2026, 11, 10)) == 500
    assert len(list(axis.weekends(0, 10))) == 2  # the 7th and 8th
    assert [tick.text for tick in axis.ticks(0)] == ["6 Nov", "7 Nov", "8 Nov", "9 Nov"]
