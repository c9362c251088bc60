"""dbt writes its artifacts in place: what is read meanwhile is quarantined, and loaded once it is whole."""

from __future__ import annotations

import gzip
import json
import os
import random
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import zstandard
from disturbed import assert_intact, contents
from packings import packed
from testdata import BESIDE, SAMPLES, release_only

from artifact_warehouse import Warehouse
from artifact_warehouse.artifacts import json_text
from artifact_warehouse.extract import reader
from artifact_warehouse.load import batches

pytestmark = pytest.mark.slow

RUN = SAMPLES / "environment=prod" / "job=nightly" / "2026-11-05_01_build"
INCOMPLETE = ("still being written, or cut off", "still being written; load it again")
KINDS = ("manifest", "run_results", "catalog", "sources", "semantic_manifest")


def of_every_kind(folder: Path) -> list[Path]:
    """A few artifacts of each kind, the smaller ones; of any folder."""
    files = sorted(folder.rglob("*.json"), key=lambda file: (file.stat().st_size, file))
    by_kind = {kind: [file for file in files if file.stem == kind] for kind in KINDS}
    return [file for files in by_kind.values() for file in files[:: max(1, len(files) // 2)]]


def of_every_version(folder: Path) -> list[Path]:
    """One artifact of each kind and version: the smallest that loads."""
    found: dict[tuple, Path] = {}
    for file in sorted(folder.rglob("*.json"), key=lambda file: (file.stat().st_size, file)):
        try:
            document = json.loads(file.read_bytes())
        except ValueError:
            continue
        if isinstance(document, dict) and len(document) > 1:
            metadata = document.get("metadata")
            url = metadata.get("dbt_schema_version") if isinstance(metadata, dict) else None
            found.setdefault((url or f"none: {sorted(document)[:4]}",), file)
    return list(found.values())


def cuts(data: bytes, dice: random.Random, count: int) -> Iterator[int]:
    """Where to cut: at the ends, in characters, numbers, literals, escapes and strings, and anywhere."""
    whole = len(data.rstrip())
    yield from {0, 1, 2, whole - 1, whole // 2}
    if characters := [place for place, byte in enumerate(data[:whole]) if byte >= 0xC0]:
        yield dice.choice(characters) + 1
    for what in (b"\\u", b"\\n", b": 1", b"0.", b": tr", b": nul", b"e-", b'": "'):
        if (place := data.find(what, dice.randrange(whole))) >= 0:
            yield place + len(what)
    yield from (dice.randrange(1, whole) for _ in range(count))


class Target:
    """A file that is half-written again and again, in a warehouse of its own."""

    def __init__(self, place: Path, name: str) -> None:
        self.file = place / "target" / name
        self.path = place / "wh.duckdb"
        self.file.parent.mkdir(parents=True)

    def load(self) -> list[tuple[str, str]]:
        """The status and reason of each outcome."""
        report = Warehouse(self.path).load(self.file.parent)
        return [(outcome.status, outcome.reason or "") for outcome in report.outcomes]

    def assert_incomplete(self, data: bytes) -> None:
        self.file.write_bytes(data)
        [(status, reason)] = self.load()
        assert status == "quarantined", (len(data), data[-40:], reason)
        assert any(words in reason for words in INCOMPLETE), (len(data), data[-40:], reason)

    def assert_whole(self, data: bytes, alone: Path) -> None:
        """Whole, it is loaded without a hand, and nothing else remains."""
        self.file.write_bytes(data)
        assert [status for status, _ in self.load()] == ["loaded"]
        Warehouse(alone).load(self.file.parent)
        assert contents(self.path) == contents(alone)
        with Warehouse(self.path, read_only=True) as wh:
            assert wh.sql("SELECT DISTINCT status FROM v1.artifacts").fetchall() == [("loaded",)]
        assert_intact(self.path)


FILES = of_every_kind(SAMPLES)
EVERY_DAY = next(file for file in FILES if file.stem == "manifest")


@pytest.mark.parametrize(
    "file",
    [EVERY_DAY, *release_only(*(file for file in FILES if file != EVERY_DAY))],
    ids=lambda file: f"{file.parent.name}/{file.stem}",
)
def test_an_artifact_that_is_cut_anywhere_is_quarantined_and_loaded_once_it_is_whole(
    tmp_path: Path, file: Path
) -> None:
    data, target = file.read_bytes(), Target(tmp_path, file.name)
    for cut in cuts(data, random.Random(file.name), 3):
        target.assert_incomplete(data[:cut])
    target.assert_whole(data, tmp_path / "alone.duckdb")


ODD = '{"metadata": {"a": NaN, "b": [1.5e-10, -2, true, null, "\\u00e9\\n\\"é\U0001f600", Infinity, 1E+5, 12.25]}}'


@pytest.mark.parametrize("change", [str, lambda text: text.replace("NaN", "0").replace("Infinity", "0")])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_cut_at_every_single_byte_is_told_as_one(encoding: str, change) -> None:
    data = change(ODD).encode(encoding)
    for cut in range(len(data)):
        with pytest.raises(ValueError, match="cut off"):
            json_text.decode(data[:cut])
    assert json_text.decode(data)["metadata"]["b"][4] == '\u00e9\n"\u00e9\U0001f600'


@pytest.mark.parametrize("text", ['{"a": nope}', '{"a": 1,}', "no JSON", '{"a"; 1}', "{} {}", '{"a": "\\u12zz"}'])
def test_what_is_wrong_in_the_middle_is_not_called_cut_off(text: str) -> None:
    with pytest.raises(ValueError, match="is not JSON"):
        json_text.decode(text.encode())


def cut_everywhere(place: Path, files: list[Path], count: int) -> None:
    """Every file, cut at many places, all side by side in one load; then all of them whole in another."""
    dice = random.Random(1)
    place.mkdir()
    for number, file in enumerate(files):
        data = file.read_bytes()
        for cut in cuts(data, dice, count):
            target = place / f"{number}_{cut}" / "run_results.json"
            target.parent.mkdir(exist_ok=True)
            target.write_bytes(data[:cut])
    path = place / "wh.duckdb"
    report = Warehouse(path).load(place)
    assert {outcome.status for outcome in report.outcomes} == {"quarantined"}
    unclear = [(o.uri, o.reason) for o in report.outcomes if not any(w in (o.reason or "") for w in INCOMPLETE)]
    assert unclear == []
    for number, file in enumerate(files):
        for target in place.glob(f"{number}_*/run_results.json"):
            target.write_bytes(file.read_bytes())
    report = Warehouse(path).load(place)
    assert not report.quarantined and len(report.loaded) == len({file.read_bytes() for file in files})
    Warehouse(place / "alone.duckdb").load(sorted(place.glob("*/run_results.json")))
    assert contents(path) == contents(place / "alone.duckdb")


def test_artifacts_of_every_kind_that_are_cut_anywhere_are_quarantined_and_loaded_once_they_are_whole(
    tmp_path: Path,
) -> None:
    """Side by side in one load."""
    cut_everywhere(tmp_path / "cut", FILES, 3)


@pytest.mark.release
@pytest.mark.corpus
@pytest.mark.parametrize("name", ["corpus", "real_runs"])
def test_an_artifact_of_any_version_that_is_cut_anywhere_is_quarantined_and_loaded_once_it_is_whole(
    tmp_path: Path, name: str, request: pytest.FixtureRequest
) -> None:
    folder = request.getfixturevalue(name)
    report = Warehouse(tmp_path / "which.duckdb").load(files := of_every_version(folder))
    sound = {outcome.uri for outcome in (*report.loaded, *report.unchanged)}
    files = [file for file in files if str(file) in sound]
    assert len(files) > 10
    cut_everywhere(tmp_path / "cut", files, 6)


def test_what_is_there_tells_that_it_is_dbts_where_the_name_does_not(tmp_path: Path) -> None:
    """Of zstandard, a block of 128 KB is the least that can be unpacked."""
    folder, data = tmp_path / "in", (RUN / "manifest.json").read_bytes()
    folder.mkdir()
    begun = data.index(b"schemas.getdbt.com/dbt/") + 30
    whole = {"a.json": data, "b.json.gz": gzip.compress(data), "c.json.zst": zstandard.compress(data)}
    for name, content in whole.items():
        for cut in (begun if name == "a.json" else len(content) // 2, len(content) - 1):
            (folder / f"{cut}{name}").write_bytes(content[:cut])
    report = Warehouse(tmp_path / "wh.duckdb").load(folder)
    assert len(report.quarantined) == len(report.outcomes) == 6
    assert all(INCOMPLETE[0] in (outcome.reason or "") for outcome in report.quarantined)
    for file in folder.iterdir():
        file.write_bytes(whole[file.name.lstrip("0123456789")])
    Warehouse(tmp_path / "wh.duckdb").load(folder)
    Warehouse(tmp_path / "alone.duckdb").load(folder)
    assert contents(tmp_path / "wh.duckdb") == contents(tmp_path / "alone.duckdb")


def test_the_same_beginning_under_another_name_is_skipped_there_only(tmp_path: Path) -> None:
    """Many files are empty for a moment: those of dbt's are quarantined, whoever else has an empty one."""
    for order in ("a", "z"):
        for name in (f"{order}.json", "run_results.json", "manifest.json"):
            (tmp_path / order).mkdir(exist_ok=True)
            (tmp_path / order / name).touch()
        report = Warehouse(tmp_path / f"{order}.duckdb").load(tmp_path / order)
        assert [Path(o.uri).name for o in report.quarantined] == ["manifest.json", "run_results.json"]
        assert [Path(o.uri).name for o in report.skipped] == [f"{order}.json"]


PACKINGS = {
    "run_results.json.gz": gzip.compress,
    "run_results.json.zst": zstandard.compress,
    "checked/run_results.json.zst": zstandard.ZstdCompressor(write_checksum=True).compress,
    "parts/run_results.json.zst": lambda data: zstandard.compress(data[:9000]) + zstandard.compress(data[9000:]),
}


@pytest.mark.release
@pytest.mark.parametrize(
    "name", ["run_results.json.zst", *release_only(*sorted(PACKINGS.keys() - {"run_results.json.zst"}))]
)
def test_a_compressed_artifact_that_is_cut_anywhere_is_quarantined_and_loaded_once_it_is_whole(
    tmp_path: Path, name: str
) -> None:
    data = (RUN / "run_results.json").read_bytes()
    whole = PACKINGS[name](data)
    target, dice = Target(tmp_path, Path(name).name), random.Random(name)
    for cut in {0, 1, 2, 3, 9, len(whole) - 1, len(whole) - 3, *(dice.randrange(len(whole)) for _ in range(4))}:
        target.assert_incomplete(whole[:cut])
    target.assert_whole(whole, tmp_path / "alone.duckdb")


@pytest.mark.parametrize("suffix", ["zip", *release_only("tar.gz", "tar", "tar.xz", "tar.bz2", "tar.zst")])
def test_an_archive_that_is_cut_gives_whole_members_only_and_all_once_it_is_whole(tmp_path: Path, suffix: str) -> None:
    files = sorted(SAMPLES.rglob("run_results.json"))[:4]
    whole = packed(f"runs.{suffix}", {f"{number}/{file.name}": file.read_bytes() for number, file in enumerate(files)})
    known = {batches.content_id(file.read_bytes()) for file in files}
    file, path, dice = tmp_path / "in" / f"runs.{suffix}", tmp_path / "wh.duckdb", random.Random(suffix)
    file.parent.mkdir()
    end = len(whole.rstrip(b"\0")) if suffix == "tar" else len(whole)
    for cut in {0, 1, 10, end - 1, *(dice.randrange(end) for _ in range(4))}:
        file.write_bytes(whole[:cut])
        report = Warehouse(path).load(file.parent)
        assert {o.artifact_id for o in (*report.loaded, *report.unchanged)} <= known
        assert [o.uri for o in report.quarantined] == [str(file)], (cut, report.outcomes)
    file.write_bytes(whole)
    report = Warehouse(path).load(file.parent)
    assert not report.quarantined
    Warehouse(tmp_path / "alone.duckdb").load(file.parent)
    assert contents(path) == contents(tmp_path / "alone.duckdb")


WRITER = """
import sys, time
data = open(sys.argv[1], "rb").read()
with open(sys.argv[2], "wb", buffering=0) as target:
    for start in range(0, len(data), len(data) // 30):
        target.write(data[start : start + len(data) // 30])
        time.sleep(0.05)
"""


@pytest.mark.parametrize("name", ["run_results.json", *release_only("manifest.json")])
def test_loads_beside_a_slow_writer_end_with_one_row_and_nothing_quarantined(tmp_path: Path, name: str) -> None:
    target = Target(tmp_path, name)
    first = SAMPLES / "environment=prod" / "job=nightly" / "2026-11-04_01_build" / name
    target.file.write_bytes(first.read_bytes())
    assert [status for status, _ in target.load()] == ["loaded"]
    seen = []
    with subprocess.Popen([sys.executable, "-c", WRITER, str(RUN / name), str(target.file)]) as writer:
        while writer.poll() is None:
            seen += target.load()
    assert all(s in ("loaded", "unchanged") or any(words in reason for words in INCOMPLETE) for s, reason in seen)
    assert "quarantined" in {status for status, _ in seen}
    target.load()
    with Warehouse(target.path, read_only=True) as wh:
        found = wh.sql("SELECT artifact_id, status FROM v1.artifacts").fetchall()
        assert sorted(i for i, _ in found) == sorted(batches.content_id(f.read_bytes()) for f in (first, RUN / name))
        assert "quarantined" not in {status for _, status in found}
    assert_intact(target.path)


@pytest.mark.corpus
def test_a_manifest_that_sigterm_truncated_for_good_is_quarantined(tmp_path: Path) -> None:
    archive = BESIDE / "real_runs" / "scale.tar.xz"
    if not archive.exists():
        pytest.skip("real_runs/scale.tar.xz is not beside the checkout")
    with tarfile.open(archive) as tar:
        [member] = [member for member in tar if "truncated_by_sigterm" in member.name]
        content = tar.extractfile(member)
        assert content is not None
        Target(tmp_path, "manifest.json").assert_incomplete(content.read())


def test_a_file_that_is_replaced_while_it_is_read_is_loaded_as_one_of_both(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever replaces a file by a rename, as dbt does not, leaves the reader the old one."""
    target = Target(tmp_path, "run_results.json")
    old, new = sorted(SAMPLES.rglob("run_results.json"))[:2]
    target.file.write_bytes(old.read_bytes())
    fstat, done = os.fstat, []

    inode = target.file.stat().st_ino

    def replacing(descriptor: int) -> os.stat_result:
        if not done and fstat(descriptor).st_ino == inode:
            done.append(1)
            other = tmp_path / "other"
            other.write_bytes(new.read_bytes())
            other.replace(target.file)
        return fstat(descriptor)

    monkeypatch.setattr(reader.os, "fstat", replacing)
    assert [status for status, _ in target.load()] == ["loaded"]
    assert [status for status, _ in target.load()] == ["loaded"]
    with Warehouse(target.path, read_only=True) as wh:
        ids = wh.sql("SELECT artifact_id FROM stored.artifacts").fetchall()
    assert {i for (i,) in ids} == {batches.content_id(file.read_bytes()) for file in (old, new)}


def test_a_file_that_is_written_to_while_it_is_read_is_never_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The half of one run and the half of another could be sound JSON together."""
    target = Target(tmp_path, "run_results.json")
    data = (RUN / "run_results.json").read_bytes()
    target.file.write_bytes(data)
    fstat, calls = os.fstat, []

    def writing(descriptor: int) -> os.stat_result:
        calls.append(1)
        if len(calls) % 2 == 0:  # the file is asked for its state before and after it is read
            target.file.write_bytes(data + b"\n")
            os.utime(target.file, ns=(len(calls), len(calls)))
        return fstat(descriptor)

    with monkeypatch.context() as patch:
        patch.setattr(reader.os, "fstat", writing)
        [(status, reason)] = target.load()
    assert status == "quarantined" and "changed while it was read" in reason
    with Warehouse(target.path, read_only=True) as wh:
        assert wh.sql("SELECT count(*) FROM stored.artifacts").fetchall() == [(0,)]
    target.assert_whole(data, tmp_path / "alone.duckdb")


@pytest.mark.parametrize("name", ["run_results.json", "run_results.json.gz", "runs.tar", "runs.zip"])
def test_a_file_that_goes_between_listing_and_reading_ends_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    target = Target(tmp_path, name)
    target.file.touch()
    other = target.file.with_name("z") / "run_results.json"
    other.parent.mkdir()
    other.write_bytes((RUN / "run_results.json").read_bytes())
    read_all = batches.read_all

    def going(*arguments):
        target.file.unlink(missing_ok=True)
        return read_all(*arguments)

    monkeypatch.setattr(batches, "read_all", going)
    report = Warehouse(target.path).load(target.file.parent)
    assert [(o.uri, o.reason) for o in report.quarantined] == [
        (str(target.file), "cannot be read: it was deleted after it was found")
    ]
    assert [o.uri for o in report.loaded] == [str(other)]
    with Warehouse(target.path, read_only=True) as wh:
        assert wh.sql("SELECT count(*) FROM stored.artifacts").fetchall() == [(1,)]
    assert_intact(target.path)
