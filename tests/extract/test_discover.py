"""Which files a path stands for, how they are read, and the labels that their folders give them."""

from __future__ import annotations

import bz2
import gzip
import lzma
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard
from packings import packed, tarred, zipped

from artifact_warehouse.errors import InputNotFound
from artifact_warehouse.extract.discover import File, Labels, expand, labels_of
from artifact_warehouse.extract.reader import Input, read

needs_links = pytest.mark.skipif(sys.platform == "win32", reason="links need a privilege")


def by_name(value: object) -> str:
    """The id of a test: gzip writes the time into its bytes, and every process of a test run must name it alike."""
    return value if isinstance(value, str) else ""


def make(folder: Path, *names: str) -> Path:
    """A folder with files of these names; each holds its name."""
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(name.encode())
    return folder


def names(folder: Path, *paths: str | Path) -> list[str]:
    return [Path(file.place).relative_to(folder).as_posix() for file in expand(paths)]


def inputs(file: Path) -> dict[str, bytes]:
    """What is in a file, by what follows the file's own path in the uri."""
    found = list(read(File(str(file))))
    assert not [item.error for item in found if item.error]
    return {item.uri.removeprefix(str(file)): item.data for item in found}


# What to read, and in which order


def test_a_folder_is_searched_to_the_bottom_in_a_fixed_order(tmp_path: Path) -> None:
    make(tmp_path, "b/z.json", "b/a.json", "a/deep/er/x.json", "a.json", "b.json.gz", "c.JSON", "d.json.zst")
    expected = ["a.json", "a/deep/er/x.json", "b.json.gz", "b/a.json", "b/z.json", "c.JSON", "d.json.zst"]
    assert sorted(names(tmp_path, tmp_path)) == sorted(expected)
    assert names(tmp_path, tmp_path) == names(tmp_path, tmp_path, tmp_path) == names(tmp_path, f"{tmp_path}/")
    assert {file.is_named for file in expand([tmp_path])} == {False}


def test_only_json_and_archives_are_read_in_a_folder(tmp_path: Path) -> None:
    archives = ["a.tar", "b.tar.gz", "c.tgz", "d.tar.xz", "e.tar.bz2", "f.tar.zst", "g.zip", "h/TARGET.ZIP"]
    make(tmp_path, *archives, "manifest.json", "dbt.log", "partial_parse.msgpack", "x.json.bak", "json", "x.sql.gz")
    assert sorted(names(tmp_path, tmp_path)) == sorted([*archives, "manifest.json"])


def test_paths_keep_the_order_in_which_they_are_given(tmp_path: Path) -> None:
    make(tmp_path, "b/2.json", "b/1.json", "a/1.json", "c.json")
    assert names(tmp_path, tmp_path / "c.json", tmp_path / "b", tmp_path / "a") == [
        "c.json",
        "b/1.json",
        "b/2.json",
        "a/1.json",
    ]


def test_a_file_that_is_given_twice_is_read_once(tmp_path: Path) -> None:
    make(tmp_path, "a/1.json", "a/2.json")
    first = tmp_path / "a" / "1.json"
    assert expand([tmp_path / "a", first, f"{tmp_path}/*/1.json"]) == expand([tmp_path / "a", first])
    assert [file[:2] for file in expand([tmp_path / "a", first])] == [
        (str(first), True),
        (str(tmp_path / "a" / "2.json"), False),
    ]
    assert expand([first, tmp_path / "a"]) == expand([tmp_path / "a", first])


def test_a_file_is_read_once_however_it_is_spelt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(tmp_path, "a/1.json")
    monkeypatch.chdir(tmp_path)
    found = expand(["a", "./a", tmp_path / "a", "a/../a/1.json"])
    assert [file.place for file in found] == [str(tmp_path / "a" / "1.json")]


def test_a_file_that_is_named_may_have_any_name(tmp_path: Path) -> None:
    make(tmp_path, "artifact", "x.txt")
    assert expand([tmp_path / "artifact", tmp_path / "x.txt"]) == [
        File(str(tmp_path / "artifact"), is_named=True, size_bytes=len("artifact")),
        File(str(tmp_path / "x.txt"), is_named=True, size_bytes=len("x.txt")),
    ]


def test_stdin_is_a_dash() -> None:
    assert expand(["-"]) == [File("-", is_named=True)]


def test_a_glob_is_sorted_and_finds_files_and_folders(tmp_path: Path) -> None:
    make(tmp_path, "run_2/run_results.json", "run_1/run_results.json", "run_1/notes.txt", "other/x.json", "run_3.zip")
    assert names(tmp_path, f"{tmp_path}/run_*") == ["run_1/run_results.json", "run_2/run_results.json", "run_3.zip"]
    assert names(tmp_path, f"{tmp_path}/**/run_results.json") == ["run_1/run_results.json", "run_2/run_results.json"]
    assert names(tmp_path, f"{tmp_path}/run_[2-9]/*") == ["run_2/run_results.json"]
    assert names(tmp_path, f"{tmp_path}/run_1/*") == ["run_1/run_results.json"]


def test_a_file_whose_name_looks_like_a_glob_is_that_file(tmp_path: Path) -> None:
    make(tmp_path, "run [1].json", "run 1.json")
    assert names(tmp_path, tmp_path / "run [1].json") == ["run [1].json"]


@pytest.mark.parametrize("path", ["nowhere", "nowhere.json", "*.json", "empty", "empty/*"])
def test_what_is_not_there_is_an_error_that_names_it(tmp_path: Path, path: str) -> None:
    make(tmp_path, "empty/readme.txt").joinpath("empty/readme.txt").unlink()
    with pytest.raises(InputNotFound) as caught:
        expand([tmp_path / path])
    assert caught.value.uri == str(tmp_path / path)


@needs_links
@pytest.mark.parametrize("path", ["", "*", "**/*.json"])
def test_loops_of_links_end(tmp_path: Path, path: str) -> None:
    make(tmp_path, "target/manifest.json")
    (tmp_path / "loop_1").symlink_to(tmp_path)
    (tmp_path / "target" / "loop_2").symlink_to(tmp_path / "target")
    (tmp_path / "target" / "loop_3").symlink_to(tmp_path)
    program = (
        "import sys; from artifact_warehouse.extract.discover import expand; print(*expand([sys.argv[1]]), sep='\\n')"
    )
    command = [sys.executable, "-c", program, str(tmp_path / path)]
    result = subprocess.run(command, capture_output=True, text=True, timeout=5, check=True)
    assert 1 <= len(result.stdout.splitlines()) <= 2


@needs_links
def test_a_link_to_a_file_is_read(tmp_path: Path) -> None:
    make(tmp_path, "target/manifest.json")
    (tmp_path / "latest.json").symlink_to(tmp_path / "target" / "manifest.json")
    assert inputs(tmp_path / "latest.json") == {"": b"target/manifest.json"}


@needs_links
def test_a_link_to_nowhere_is_reported_and_ends_nothing(tmp_path: Path) -> None:
    make(tmp_path, "target/manifest.json")
    (tmp_path / "target" / "gone.json").symlink_to(tmp_path / "nowhere.json")
    found = [item for file in expand([tmp_path]) for item in read(file)]
    assert [(Path(item.uri).name, item.data) for item in found if not item.error] == [
        ("manifest.json", b"target/manifest.json")
    ]


# Reading


def test_the_uri_is_the_whole_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(tmp_path, "target/manifest.json")
    monkeypatch.chdir(tmp_path / "target")
    [item] = read(*expand(["manifest.json"]))
    assert item == Input(str(tmp_path / "target" / "manifest.json"), b"target/manifest.json", None, True)


MEMBERS = {
    "target/manifest.json": b"{}",
    "target/run_results.json.gz": gzip.compress(b"[1]"),
    "deep/er/catalog.json.zst": zstandard.compress(b"[2]"),
    "dbt.log": b"a log",
    "target/inner.zip": zipped({"x.json": b"[3]"}),
}
FOUND = {"!/target/manifest.json": b"{}", "!/target/run_results.json.gz": b"[1]", "!/deep/er/catalog.json.zst": b"[2]"}

ARCHIVES = ("a.tar", "a.tar.gz", "a.tgz", "a.tar.xz", "a.tar.bz2", "a.tar.zst", "a.zip", "A.ZIP")


@pytest.mark.parametrize("name", ARCHIVES)
def test_the_json_files_in_an_archive_are_read(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(packed(name, MEMBERS))
    assert inputs(tmp_path / name) == FOUND


def test_archives_in_a_folder_are_read_in_their_place(tmp_path: Path) -> None:
    make(tmp_path, "runs/2.json")
    (tmp_path / "runs" / "1.zip").write_bytes(zipped({"a.json": b"1"}))
    (tmp_path / "runs" / "3.tar").write_bytes(tarred({"a.json": b"3"}))
    found = [item.data for file in expand([tmp_path]) for item in read(file)]
    assert found == [b"1", b"runs/2.json", b"3"]


@pytest.mark.parametrize(
    "name, content",
    [
        ("x.json.gz", gzip.compress(b"one, ") + gzip.compress(b"two")),
        ("x.json.zst", zstandard.compress(b"one, ") + zstandard.compress(b"two")),
        ("x.JSON.GZ", gzip.compress(b"one, two")),
    ],
    ids=by_name,
)
def test_a_compressed_file_of_several_parts_is_read_whole(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    assert inputs(tmp_path / name) == {"": b"one, two"}


@pytest.mark.parametrize("compress", [gzip.compress, lzma.compress, bz2.compress, zstandard.compress])
def test_a_compressed_archive_of_several_parts_is_read_whole(
    tmp_path: Path, compress: Callable[[bytes], bytes]
) -> None:
    content = tarred({f"{i}.json": os.urandom(5000) for i in range(20)})
    suffix = {"zlib": "gz", "gzip": "gz", "lzma": "xz", "bz2": "bz2"}.get(compress.__module__, "zst")
    file = tmp_path / f"x.tar.{suffix}"
    file.write_bytes(compress(content[:30_000]) + compress(content[30_000:]))
    assert len(inputs(file)) == 20


@pytest.mark.parametrize(
    "name, content",
    [
        ("x.tar", b"no tar at all" * 100),
        ("x.tar.gz", gzip.compress(b"x" * 5000)[:-9]),
        ("x.tar.xz", lzma.compress(os.urandom(5000))[:-100]),
        ("x.tar.zst", b"no zstandard"),
        ("x.zip", b"PK no zip"),
        ("x.json.gz", b"no gzip"),
        ("x.json.zst", b"no zstandard"),
    ],
    ids=by_name,
)
def test_what_cannot_be_unpacked_is_an_input_with_an_error(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    [item] = read(File(str(tmp_path / name)))
    assert item.uri == str(tmp_path / name)
    assert item.error and item.data == content


def test_a_member_that_cannot_be_unpacked_costs_no_other(tmp_path: Path) -> None:
    members = {"a.json": b"1", "b.json.gz": b"no gzip", "c.json": b"3"}
    for name in ("x.zip", "x.tar"):
        (tmp_path / name).write_bytes(packed(name, members))
        found = [(item.data, bool(item.error)) for item in read(File(str(tmp_path / name)))]
        assert found == [(b"1", False), (b"no gzip", True), (b"3", False)]


def test_a_member_with_a_wrong_checksum_is_an_error_and_not_a_crash(tmp_path: Path) -> None:
    content = bytearray(zipped({"a.json": b"first", "b.json": b"second"}, zipfile.ZIP_STORED))
    content[content.index(b"second")] ^= 0xFF
    (tmp_path / "x.zip").write_bytes(content)
    found = list(read(File(str(tmp_path / "x.zip"))))
    assert found[0].data == b"first" and not found[0].error
    assert [bool(item.error) for item in found[1:]] == [True]


# Labels


@pytest.mark.parametrize(
    "uri, labels",
    [
        ("/data/manifest.json", (None, None, None)),
        ("/data/environment=prod/manifest.json", (None, "prod", None)),
        ("/data/environment=prod/job=nightly/project=shop/x/manifest.json", ("shop", "prod", "nightly")),
        ("environment=prod/manifest.json", (None, "prod", None)),
        ("/data/environment=prod/environment=dev/manifest.json", (None, "dev", None)),
        ("/data/environment=pr%C3%B6d%20eu/job=a%2Fb/manifest.json", (None, "pröd eu", "a/b")),
        ("/data/environment=a=b/manifest.json", (None, "a=b", None)),
        (r"C:\runs\environment=prod\job=nightly\manifest.json", (None, "prod", "nightly")),
        (r"C:\runs\environment=prod/job=nightly\manifest.json", (None, "prod", "nightly")),
        ("/data/runs.zip!/environment=prod/job=nightly/manifest.json", (None, "prod", "nightly")),
        ("/data/environment=prod/runs.zip!/job=nightly/manifest.json", (None, "prod", "nightly")),
        ("s3://bucket/environment=prod/job=nightly/manifest.json", (None, "prod", "nightly")),
        ("/data/my_environment=prod/manifest.json", (None, None, None)),
        ("/data/environment=/manifest.json", (None, None, None)),
        ("/data/environment=prod.json", (None, None, None)),
        ("/data/date=2026-11-01/manifest.json", (None, None, None)),
    ],
)
def test_hive_folders_are_labels(uri: str, labels: tuple[str | None, ...]) -> None:
    assert labels_of(uri) == labels


def test_the_labels_of_an_archives_member_are_those_of_its_folders_too(tmp_path: Path) -> None:
    file = tmp_path / "environment=prod" / "runs.zip"
    file.parent.mkdir()
    file.write_bytes(zipped({"job=nightly/manifest.json": b"{}", "job=nightly\\x.json": b"{}"}))
    assert {labels_of(item.uri) for item in read(File(str(file)))} == {Labels(None, "prod", "nightly")}


def test_labels_over_others_win_where_they_say_something() -> None:
    mine, theirs = Labels("p", None, ""), Labels("q", "e", "j")
    assert mine.with_fallback(theirs) == Labels("p", "e", "")
    assert theirs.with_fallback(mine) == theirs
    assert Labels().with_fallback(theirs) == theirs.with_fallback(Labels()) == theirs
