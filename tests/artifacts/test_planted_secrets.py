"""Secrets of every kind, planted in every place of every kind of artifact, are not in the warehouse."""

from __future__ import annotations

import copy
import itertools
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
from ahocorasick_rs import AhoCorasick
from click.testing import CliRunner
from planted_secrets import Planted, keyed, texts
from testdata import SAMPLES, release_only

from artifact_warehouse import Warehouse
from artifact_warehouse.artifacts import USUAL_SHAPE, Redaction, Redactor, parse
from artifact_warehouse.cli import cli
from artifact_warehouse.errors import MalformedArtifact, NotAnArtifact, UnknownKind

pytestmark = pytest.mark.slow

Entry = dict[str, Any]
Place = Callable[[Entry, str], None]
"""Plants a text in an entry of an artifact."""


def at(*path: str | int) -> Place:
    """The place at a path of keys; what is missing on the way is made."""

    def plant(entry: Entry, text: str) -> None:
        here: Any = entry
        for key, following in itertools.pairwise(path):
            if isinstance(key, int) or here.get(key):
                here = here[key]
            else:
                here[key] = [None] if following == 0 else {}
                here = here[key]
        here[path[-1]] = text

    return plant


NODE = {
    "description": at("description"),
    "meta": at("meta", "note"),
    "list in meta": at("meta", "notes", 0),
    "config": at("config", "custom"),
    "meta in config": at("config", "meta", "deep", "note"),
    "hook": at("config", "post-hook", 0),
    "unrendered config": at("unrendered_config", "custom"),
    "column's description": at("columns", "some", "description"),
    "column's meta": at("columns", "some", "meta", "note"),
    "constraint": at("columns", "some", "constraints", 0),
    "unknown field": at("something_new"),
    "unknown object": at("something_newer", "inside"),
}
PLACES: dict[str, dict[str, dict[str, Place]]] = {
    "manifest.json": {
        "nodes": NODE,
        "sources": {
            "description": at("description"),
            "meta": at("meta", "note"),
            "location": at("external", "location"),
            "loader": at("loader"),
            "freshness filter": at("freshness", "filter"),
        },
        "macros": {"description": at("description"), "meta": at("meta", "note")},
        "docs": {"block": at("block_contents")},
        "exposures": {"url": at("url"), "meta": at("meta", "note"), "owner": at("owner", "note")},
        "metrics": {"description": at("description"), "type_params": at("type_params", "note")},
        "groups": {"owner": at("owner", "note")},
        "semantic_models": {"description": at("description"), "config": at("config", "meta", "note")},
        "saved_queries": {"description": at("description"), "exports": at("exports", "note")},
        "disabled": {"description": at("description"), "config": at("config", "note")},
        "selectors": {"definition": at("definition")},
        "vars": {"value": at("value")},
        "something_new": {"text": at("text"), "deep": at("a", "b", "c")},
    },
    "run_results.json": {
        "results": {
            "message": at("message"),
            "adapter_response": at("adapter_response", "note"),
            "deep adapter_response": at("adapter_response", "a", "b"),
        },
        "args": {"vars": at("vars", "x"), "command": at("invocation_command"), "unknown": at("new", "x")},
    },
    "lenient run_results.json": {
        "results": {"message": at("message"), "unknown field": at("something_new"), "node": at("node", "meta", "x")},
        "logs": {"text": at("text")},
        "something_new": {"text": at("text"), "deep": at("a", "b", "c")},
    },
    "catalog.json": {
        "nodes": {
            "comment": at("metadata", "comment"),
            "owner": at("metadata", "owner"),
            "column's comment": at("columns", "some", "comment"),
            "statistic": at("stats", "some", "value"),
            "statistic's description": at("stats", "some", "description"),
            "unknown field": at("something_new"),
        },
        "sources": {"comment": at("metadata", "comment")},
        "errors": {"text": at("text")},
        "something_new": {"text": at("text")},
    },
    "sources.json": {
        "results": {
            "error": at("error"),
            "filter": at("criteria", "filter"),
            "adapter_response": at("adapter_response", "note"),
            "unknown field": at("something_new"),
        },
        "logs": {"text": at("text")},
        "something_new": {"text": at("text")},
    },
    "semantic_manifest.json": {
        "metrics": {"description": at("description"), "config": at("config", "meta", "note")},
        "semantic_models": {"description": at("description")},
        "project_configuration": {"metadata": at("metadata", "note")},
        "something_new": {"text": at("text")},
    },
}
"""By kind of artifact and section: the places of an entry that texts are planted in."""

METADATA = {"env": at("env", "NOTE"), "vars": at("vars", "note"), "unknown": at("something_new", "x")}


def sample(name: str) -> Entry:
    """A real artifact, with the entries of each section by name."""
    path = max(SAMPLES.glob(f"*/*/*/{name.rpartition(' ')[2]}"), key=lambda path: path.stat().st_size)
    content: Entry = json.loads(path.read_text())
    return content


def with_planted(
    name: str, of_seed: Callable[[int], list[Planted]], plant: Callable[[Place, Entry, Planted], None]
) -> tuple[Entry, dict[str, list[Planted]]]:
    """An artifact with each secret in each place; and what was planted, by place. No two secrets are the same."""
    content, planted = sample(name), {}
    metadata = content.setdefault("metadata", {})
    for section, places in {**PLACES[name], "metadata": METADATA}.items():
        entries: list[Entry] = []
        for number, (place_name, place) in enumerate(places.items()):
            place_id = f"{name}, {section}, {place_name}"
            planted[place_id] = of_seed(hash_of(place_id))
            for index, secret in enumerate(planted[place_id]):
                if number == 0:
                    entries.append(entry_of(content, section, index))
                plant(place, entries[index], secret)
        put(content, metadata, section, entries)
    return content, planted


def hash_of(text: str) -> int:
    return sum(ord(character) * 31**index for index, character in enumerate(text)) % 2**32


def entry_of(content: Entry, section: str, index: int) -> Entry:
    """A copy of the section's first entry under another name; an empty one where the section is made up."""
    entries = content.get(section)
    if section in ("metadata", "args", "project_configuration", "vars") or not entries:
        return {}
    first = copy.deepcopy(next(iter(entries.values())) if isinstance(entries, dict) else entries[0])
    first = first[0] if isinstance(first, list) else first
    if isinstance(first, dict) and "unique_id" in first:
        first["unique_id"] = f"{first['unique_id']}_{index}"
    return first if isinstance(first, dict) else {}


def put(content: Entry, metadata: Entry, section: str, entries: list[Entry]) -> None:
    if section == "metadata":
        for key in ("env", "vars", "something_new"):
            metadata[key] = [entry.get(key) for entry in entries]
    elif section in ("args", "project_configuration"):
        content[section] = {**(content.get(section) or {}), "planted": entries}
    elif section == "disabled":
        content[section] = {str(index): [entry] for index, entry in enumerate(entries)}
    elif isinstance(content.get(section), list) or section in ("logs", "errors", "something_new"):
        content[section] = entries
    else:
        content[section] = {entry.get("unique_id", str(index)): entry for index, entry in enumerate(entries)}


def stored_texts(path: Path) -> Iterator[str]:
    """Every value of a warehouse, as text."""
    with duckdb.connect(str(path), read_only=True) as connection:
        tables = connection.execute("SELECT table_name FROM duckdb_tables() WHERE schema_name = 'stored'").fetchall()
        for (table,) in tables:
            for row in connection.execute(f"SELECT COLUMNS(*)::VARCHAR FROM stored.{table}").fetchall():
                yield from filter(None, row)


def found_in(path: Path, planted: dict[str, list[Planted]]) -> set[tuple[str, str]]:
    """The place and the kind of each secret that the warehouse has: in a value, or in the bytes of the file."""
    owners = {secret.secret: (place, secret.kind) for place, secrets in planted.items() for secret in secrets}
    search = AhoCorasick([*owners])
    everything = "\n".join(stored_texts(path)).replace("\\\\", "\\").replace("\\/", "/")
    in_bytes = path.read_bytes().decode("latin-1")
    return {owners[secret] for text in (everything, in_bytes) for secret in search.find_matches_as_strings(text)}


def plant_text(place: Place, entry: Entry, secret: Planted) -> None:
    place(entry, secret.text)


def plant_keyed(place: Place, entry: Entry, secret: Planted) -> None:
    place(entry, {secret.text: secret.secret})  # type: ignore[arg-type]


@pytest.mark.parametrize("of_seed", [texts, *release_only(keyed)])
def test_secrets_of_every_kind_in_every_place_are_hidden(
    tmp_path: Path, of_seed: Callable[[int], list[Planted]]
) -> None:
    folder, planted = tmp_path / "artifacts", {}
    for name in PLACES:
        content, in_places = with_planted(name, of_seed, plant_text if of_seed is texts else plant_keyed)
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(json.dumps(content))
        planted |= in_places
    shown, hidden = tmp_path / "shown.duckdb", tmp_path / "hidden.duckdb"
    assert len(Warehouse(shown).load(folder, redact=False).loaded) == len(PLACES)
    assert len(Warehouse(hidden).load(folder).loaded) == len(PLACES)
    assert len(found_in(shown, planted)) > 0.9 * sum(map(len, planted.values())), "what is planted is stored"
    assert found_in(hidden, planted) == set()
    same = "SELECT kind, artifact_id, invocation_id, entry_count, unknown_fields FROM stored.artifacts ORDER BY ALL"
    with Warehouse(shown, read_only=True) as one, Warehouse(hidden, read_only=True) as other:
        assert one.sql(same).fetchall() == other.sql(same).fetchall()


HOSTILE = (
    *('password="\\', "password='a\\\\", "token = ", "<password", "name=password value", "--a-password-", "curl -u "),
    *(
        "x://a:",
        "://@",
        "eyJaaaaaaaa.",
        "-----BEGIN PRIVATE KEY-----\n",
        "aaaa\n-----END ",
        "cookie: a=",
        "sk-",
        ":5432:a",
    ),
)


@pytest.mark.release
@pytest.mark.parametrize("unit", HOSTILE)
def test_a_hostile_text_takes_time_linear_in_its_length(unit: str) -> None:
    """Four times the text takes about four times the time; sixteen, where it were quadratic."""
    times = []
    for length in (20_000, 80_000):
        text = json.dumps({"a": f"password=x1 a://b@c {unit * (length // len(unit))}"})
        document = f'{{"metadata": {{"dbt_schema_version": "/dbt/catalog/v1.json"}}, "errors": {text}}}'
        artifact = parse(document.encode(), "catalog.json")
        began = time.process_time()
        assert Redactor().redact(artifact).redaction_count > 0
        times.append(time.process_time() - began)
    assert times[1] < 10 * times[0] + 0.5, times


def values_in(value: Any) -> int:
    """The number of values in a JSON value that are neither an object nor a list."""
    if isinstance(value, dict):
        return sum(map(values_in, value.values()))
    return sum(map(values_in, value)) if isinstance(value, list) else 1


def false_hits_of(folder: Path) -> tuple[int, int]:
    """How many values of real artifacts are hidden if code is searched too, and how many values they have."""
    redactor = Redactor(Redaction(reads_code=True))
    hidden = values = 0
    for path in sorted(folder.rglob("*.json")):
        try:
            hidden += redactor.redact(parse(path.read_bytes(), str(path))).redaction_count
            values += values_in(json.loads(path.read_bytes()))
        except (MalformedArtifact, NotAnArtifact, UnknownKind, ValueError):
            continue
    return hidden, values


def test_nearly_nothing_is_hidden_in_the_samples_even_if_code_is_searched() -> None:
    hidden, values = false_hits_of(SAMPLES)
    assert values > 100_000
    assert hidden * 10_000 < values


@pytest.mark.corpus
@pytest.mark.release
def test_nearly_nothing_is_hidden_in_public_artifacts_even_if_code_is_searched(unpacked: Callable[[str], Path]) -> None:
    hidden, values = false_hits_of(unpacked("corpus/corpus.tar.xz"))
    assert values > 1_000_000
    assert hidden * 10_000 < values


def test_code_is_searched_if_asked(tmp_path: Path) -> None:
    content = sample("run_results.json")
    result = next(result for result in content["results"] if result.get("compiled_code"))
    result["compiled_code"] += "\n-- password = 'pl4nted-in-code'"
    file = tmp_path / "run_results.json"
    file.write_text(json.dumps(content))
    found = {}
    for options in ([], ["--redact-code"]):
        path = tmp_path / f"{len(options)}.duckdb"
        assert CliRunner().invoke(cli, ["load", str(path), str(file), *options]).exit_code == 0
        found[len(options)] = "pl4nted-in-code" in "\n".join(stored_texts(path))
    assert found == {0: True, 1: False}
    contradiction = CliRunner().invoke(cli, ["load", str(path), str(file), "--redact-code", "--no-redact"])
    assert contradiction.exit_code == 2


def test_many_secrets_take_little_longer_than_few() -> None:
    """Each of 4,000 results has a secret of its own: time is linear in them, not quadratic."""
    content = sample("run_results.json")
    first = content["results"][0]
    times = {}
    for count in (1, 4_000):
        content["results"] = [
            {
                **first,
                "unique_id": f"model.shop.m{number}",
                "adapter_response": {"next_token": f"t0k{number % count:029}"},
            }
            for number in range(4_000)
        ]
        artifact = parse(json.dumps(content).encode(), "run_results.json", shape=USUAL_SHAPE)
        began = time.process_time()
        redacted = Redactor().redact(artifact)
        times[count] = time.process_time() - began
        assert redacted.redaction_count == 4_000
    assert times[4_000] < 30 * times[1] + 1, times
