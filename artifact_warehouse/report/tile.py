"""The status tile of an exposure: is its data fresh, do its tests pass, since when and why. As SVG, HTML and a dict."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from difflib import get_close_matches
from html import escape
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import Any

import duckdb

from artifact_warehouse.errors import UnknownNode
from artifact_warehouse.storage import query, replacement, require_labels

_FRESHNESS = {"passed": "Data freshness passed", "stale": "Data may be stale", None: "Data freshness unknown"}
_QUALITY = {"passed": "Data quality passed", "degraded": "Data quality degraded", None: "Data quality unknown"}
_MARKS = {
    "passed": '<circle class="ok" cx="5" cy="5" r="4.5"/>',
    "stale": '<path class="warn" d="M5 .5 9.8 9.5H.2Z"/>',
    "degraded": '<path class="fail" d="M5 0 10 5 5 10 0 5Z"/>',
    None: '<circle class="unknown" cx="5" cy="5" r="4"/>',
}
"""The shapes of the report's page. The shape alone gives the answer, for readers who do not see the colours."""

_SHOWN_REASONS = 3
_LINE_PIXELS = 18


@dataclass(frozen=True)
class Tile:
    """The status tile of one exposure: its row of v1.exposure_tiles, and its label and address. Times are UTC."""

    project_name: str | None
    environment: str
    unique_id: str
    name: str
    label: str | None
    url: str | None
    freshness: str | None
    """passed or stale; None where no source above the exposure was ever checked."""
    quality: str | None
    """passed or degraded; None where no test above the exposure was ever executed."""
    since: datetime | None
    reasons: tuple[str, ...]
    last_checked_at: datetime | None
    last_tested_at: datetime | None

    @property
    def sentences(self) -> tuple[str, str]:
        """The answers in the words of dbt's tiles (https://docs.getdbt.com/docs/explore/data-tile)."""
        return _FRESHNESS[self.freshness], _QUALITY[self.quality]

    def to_dict(self) -> dict[str, Any]:
        """The fields and the sentences, as JSON takes them; times in ISO 8601 with the zone."""
        fields = {key: _json_value(value) for key, value in asdict(self).items()}
        return {**fields, "sentences": list(self.sentences)}

    def _repr_svg_(self) -> str:
        """What a notebook shows."""
        return self.to_svg()

    def to_svg(self) -> str:
        """A picture 340 pixels wide, light or dark as the reader's system is."""
        notes = _notes(self)
        height = 100 + _LINE_PIXELS * len(notes)
        return _template("tile.svg").substitute(
            height=height,
            frame_height=height - 1,
            description=escape(". ".join([*self.sentences, *notes])),
            title=escape(_cut(self.label or self.name)),
            environment=escape(_cut(f"{self.project_name or ''} {self.environment}".strip(), 48)),
            freshness=_MARKS[self.freshness],
            freshness_sentence=self.sentences[0],
            quality=_MARKS[self.quality],
            quality_sentence=self.sentences[1],
            notes="".join(
                f'<text class="note" x="16" y="{106 + _LINE_PIXELS * number}">{escape(_cut(note, 52))}</text>'
                for number, note in enumerate(notes)
            ),
        )

    def save(self, path: str | Path) -> Path:
        """Write a file of the format that its ending names: see TILE_FORMATS. Raises ValueError for others."""
        target = Path(path)
        if (ending := target.suffix.lower()) not in TILE_FORMATS:
            raise ValueError(f"{target}: has none of the endings {', '.join(TILE_FORMATS)}")
        with replacement(target) as new:
            new.write_text(TILE_FORMATS[ending](self), encoding="utf-8")
        return target

    def to_html(self) -> str:
        """A page for a frame on a dashboard: the picture, and a link to the exposure. It requests nothing."""
        picture = b64encode(self.to_svg().encode()).decode()
        image = f'<img src="data:image/svg+xml;base64,{picture}" alt="{escape(". ".join(self.sentences))}">'
        is_linked = self.url is not None and self.url.startswith(("https://", "http://"))
        return _template("tile.html").substitute(
            title=escape(self.label or self.name),
            body=f'<a href="{escape(self.url or "")}" target="_top" rel="noopener">{image}</a>' if is_linked else image,
        )


TILE_FORMATS: dict[str, Callable[[Tile], str]] = {
    ".svg": Tile.to_svg,
    ".html": Tile.to_html,
    ".json": lambda tile: json.dumps(tile.to_dict()) + "\n",
}
"""The text of a tile by the ending of its file."""


def exposure_tile(
    connection: duckdb.DuckDBPyConnection,
    exposure: str,
    *,
    project: str | None = None,
    environment: str | None = None,
) -> Tile:
    """The tile of an exposure, given by its unique_id or its name.

    Raises UnknownLabel and UnknownNode. Its candidates are similar exposures; or, where several projects or
    environments have the exposure, these.
    """
    require_labels(connection, project=project, environment=environment)
    rows = connection.sql(query("report/exposure_tiles")).to_arrow_table().to_pylist()
    tiles = [Tile(**{**row, "reasons": tuple(row["reasons"])}) for row in rows]
    named = [tile for tile in tiles if exposure in (tile.unique_id, tile.name)]
    fitting = [tile for tile in named if _fits(tile.project_name, project) and _fits(tile.environment, environment)]
    if len(fitting) == 1:
        return fitting[0]
    if named:
        places = sorted(
            {
                f"{tile.unique_id} (project {tile.project_name}, environment {tile.environment})"
                for tile in fitting or named
            }
        )
        raise UnknownNode(exposure, tuple(places))
    names = {name: tile.unique_id for tile in tiles for name in (tile.name, tile.unique_id)}
    near = [names[name] for name in get_close_matches(exposure, names, n=5, cutoff=0.5)]
    raise UnknownNode(exposure, tuple(dict.fromkeys(near)))


def _fits(value: str | None, wanted: str | None) -> bool:
    return wanted is None or value == wanted


def _notes(tile: Tile) -> list[str]:
    """The lines below the answers: since when, why, and the time of the last check."""
    more = len(tile.reasons) - _SHOWN_REASONS
    seen = max(filter(None, (tile.last_checked_at, tile.last_tested_at)), default=None)
    return [
        *([f"Since {_moment(tile.since)}"] if tile.since else []),
        *tile.reasons[:_SHOWN_REASONS],
        *([f"and {more} more"] if more > 0 else []),
        *([f"As of {_moment(seen)}"] if seen else ["No check of it is loaded"]),
    ]


def _moment(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def _cut(text: str, length: int = 30) -> str:
    return text if len(text) <= length else f"{text[: length - 1]}…"


def _json_value(value: Any) -> Any:
    if isinstance(value, datetime):
        return f"{value.isoformat()}Z"
    return list(value) if isinstance(value, tuple) else value


def _template(name: str) -> Template:
    return Template((files(__package__) / "tile_templates" / name).read_text(encoding="utf-8"))
