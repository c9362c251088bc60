"""Make the sample artifacts again: run real dbt over three made-up weeks.

The dbt project in `project/` is run with two versions of dbt, as `story.py`
tells: each night loads new raw data, some nights with defects, and on some days
the project changes (`project_changes/<day>/` is copied over it). The JSON files
that an invocation wrote are kept, byte by byte: those of the first week in

    runs/environment=<env>/job=<job>/<day>_<nn>_<label>/

and those of the two weeks after it, under the same names, in `episodes.tar.xz`.

The clock is shifted with libfaketime, so that each invocation runs as if on its
day; within a run it goes at normal speed. So this script needs Linux; and also
PyPI, and Python 3.11 for dbt (`requirements/` is pinned for it).

dbt writes the absolute path of the project into its artifacts. To keep the
paths of your machine out of them, the project runs in `/srv/harbor_cafe`, which
this script makes and removes again.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

from story import EPISODES, NEW_DBT, OLD_DBT, WEEK, Invocation

HERE = Path(__file__).resolve().parent
DATABASE = "harbor_cafe.duckdb"
ARTIFACTS = (
    "manifest.json",
    "run_results.json",
    "catalog.json",
    "sources.json",
    "semantic_manifest.json",
)


# --- Python and the virtual environments


def find_python() -> str:
    """A Python that both versions of dbt run on."""
    candidates = [sys.executable, "python3.11"]
    if shutil.which("uv"):
        found = subprocess.run(["uv", "python", "find", "3.11"], capture_output=True, text=True, check=False)
        candidates.append(found.stdout.strip())
    for candidate in candidates:
        if candidate and python_version(candidate) == "3.11":
            return candidate
    raise SystemExit("no Python 3.11 found: give one with --python")


def python_version(python: str) -> str:
    """Its version, such as '3.11', or '' if it does not run."""
    code = "import sys; print('%d.%d' % sys.version_info[:2])"
    try:
        done = subprocess.run([python, "-c", code], capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return done.stdout.strip()


def make_environment(python: str, dbt: str, folder: Path) -> Path:
    """Install one version of dbt into a new virtual environment."""
    print(f"installing dbt {dbt}")
    requirements = HERE / "requirements" / f"dbt-{dbt}.txt"
    subprocess.run([python, "-m", "venv", folder], check=True)
    subprocess.run(
        [folder / "bin" / "python", "-m", "pip", "install", "--quiet",
         "--disable-pip-version-check", "--requirement", requirements],
        check=True,
    )  # fmt: skip
    return folder


# --- running


def shifted_clock(environment: Path, time: str) -> dict[str, str]:
    """Environment variables under which a program thinks that it starts at `time`.

    They are the only ones that a run gets, so none of yours gets into the artifacts.
    """
    library = next(environment.glob("lib/python*/site-packages/libfaketime/**/libfaketime.so.1"))
    return {
        "PATH": os.environ["PATH"],
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        "LD_PRELOAD": str(library),
        "FAKETIME": f"@{time}",
        "DONT_FAKE_MONOTONIC": "1",
        "FAKETIME_FORCE_MONOTONIC_FIX": "0",  # else threads wait busily: three times slower
        "NO_FAKE_STAT": "1",
        "DBT_PROFILES_DIR": ".",
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        "DO_NOT_TRACK": "1",
    }


def apply_changes(day: str, workdir: Path) -> None:
    """Copy that day's changes over the project."""
    changes = HERE / "project_changes" / day
    if changes.is_dir():
        shutil.copytree(changes, workdir, dirs_exist_ok=True)


def load_raw(invocation: Invocation, environment: Path, workdir: Path) -> None:
    """Load the raw data of that night."""
    command = [str(environment / "bin" / "python"), str(HERE / "load_raw.py")]
    command += ["--database", DATABASE, "--day", invocation.day]
    for defect in invocation.defects or ():
        command += ["--defect", defect]
    subprocess.run(command, cwd=workdir, check=True)


def run_dbt(invocation: Invocation, environment: Path, workdir: Path) -> list[Path]:
    """Run dbt; gives the artifacts that it wrote."""
    target = workdir / "target"
    before = modified_times(target)
    command = [str(environment / "bin" / "dbt"), *invocation.command]
    if invocation.command != ("retry",):  # it takes the target of the run that failed
        command += ["--target", invocation.environment]
    done = subprocess.run(
        command,
        cwd=workdir,
        env=shifted_clock(environment, invocation.time),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != invocation.exit_code:
        raise SystemExit(f"{invocation} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    after = modified_times(target)
    return [target / name for name in after if after[name] != before.get(name)]


def modified_times(target: Path) -> dict[str, int]:
    """When each artifact in the folder was last written."""
    return {name: (target / name).stat().st_mtime_ns for name in ARTIFACTS if (target / name).exists()}


def run_story(story: tuple[Invocation, ...], environments: dict[str, Path], workdir: Path, runs: Path) -> list[Path]:
    """Run every invocation and keep its artifacts; gives the folders."""
    folders: list[Path] = []
    day, number = "", 0
    for invocation in story:
        if invocation.day != day:
            day, number = invocation.day, 0
            apply_changes(day, workdir)
        number += 1
        environment = environments[invocation.dbt]
        if invocation.defects is not None:
            load_raw(invocation, environment, workdir)
        written = run_dbt(invocation, environment, workdir)
        folder = runs / f"environment={invocation.environment}" / f"job={invocation.job}"
        folder /= f"{day}_{number:02}_{invocation.label}"
        folder.mkdir(parents=True)
        for path in written:
            shutil.copyfile(path, folder / path.name)
        print(f"{folder.relative_to(runs)}: {', '.join(sorted(p.name for p in written))}")
        folders.append(folder)
    return folders


# --- checks and the README


def check_artifacts(runs: Path) -> None:
    """Every file is whole, and none holds a path of this machine."""
    private = {"/root", "/home", tempfile.gettempdir(), str(Path.home()), str(HERE.parent)}
    for path in sorted(runs.rglob("*.json")):
        text = path.read_text(encoding="utf-8")
        json.loads(text)
        for folder in private:
            if folder in text:
                raise SystemExit(f"{path} holds {folder}")


def read_json(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def status_counts(folder: Path) -> str:
    """For example '59 pass, 20 success, 1 warn'."""
    results = read_json(folder / "run_results.json") or read_json(folder / "sources.json")
    counts = Counter(result["status"] for result in results.get("results", []))
    return ", ".join(f"{count} {status}" for status, count in sorted(counts.items()))


def invocation_table(story: tuple[Invocation, ...], folders: list[Path], runs: Path) -> str:
    """The table of the README, in Markdown; what it counts is read from the artifacts."""
    lines = ["| folder | dbt | command | results | what happened |", "|---|---|---|---|---|"]
    for invocation, folder in zip(story, folders, strict=True):
        version = read_json(folder / "manifest.json")["metadata"]["dbt_version"]
        name = str(folder.relative_to(runs)).replace("environment=", "").replace("job=", "")
        lines.append(
            f"| {name} | {version} | `{' '.join(invocation.command)}` | {status_counts(folder)} | {invocation.story} |"
        )
    return "\n".join(lines)


def update_readme(name: str, table: str) -> None:
    """Put the table between the two marks of that name."""
    start, end = f"<!-- {name} -->", f"<!-- end of {name} -->"
    readme = HERE / "README.md"
    text = readme.read_text(encoding="utf-8")
    head, rest = text.split(start)
    tail = rest.split(end)[1]
    readme.write_text(f"{head}{start}\n{table}\n{end}{tail}", encoding="utf-8")


def pack(runs: Path, archive: Path) -> None:
    """All files of a folder, in the order of their names; equal files make an equal archive."""
    with tarfile.open(archive, "w:xz", preset=9) as packed:
        for path in sorted(runs.rglob("*.json")):
            member = packed.gettarinfo(path, str(path.relative_to(runs)))
            member.uid = member.gid = member.mtime = 0
            member.uname = member.gname = ""
            with path.open("rb") as stream:
                packed.addfile(member, stream)


def make_samples(python: str, workdir: Path, keep_week: bool) -> None:
    """Run everything in a new `workdir`; replace `runs/` and the archive at the end."""
    with tempfile.TemporaryDirectory() as scratch:
        environments = {dbt: make_environment(python, dbt, Path(scratch, f"dbt-{dbt}")) for dbt in (OLD_DBT, NEW_DBT)}
        workdir.mkdir(parents=True)
        try:
            shutil.copytree(HERE / "project", workdir, dirs_exist_ok=True)
            runs, episodes = Path(scratch, "runs"), Path(scratch, "episodes")
            week_folders = run_story(WEEK, environments, workdir, runs)
            episode_folders = run_story(EPISODES, environments, workdir, episodes)
        finally:
            shutil.rmtree(workdir)
        check_artifacts(runs)
        check_artifacts(episodes)
        pack(episodes, HERE / "episodes.tar.xz")
        update_readme("episodes", invocation_table(EPISODES, episode_folders, episodes))
        if not keep_week:
            shutil.rmtree(HERE / "runs", ignore_errors=True)
            shutil.copytree(runs, HERE / "runs")
            update_readme("invocations", invocation_table(WEEK, week_folders, runs))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--python", help="the Python for dbt (default: the 3.11 that is found)")
    parser.add_argument(
        "--workdir",
        type=Path,
        default=Path("/srv/harbor_cafe"),
        help="where the project runs; this path gets into the artifacts (default: %(default)s)",
    )
    parser.add_argument(
        "--keep-week", action="store_true", help="leave runs/ as it is: only the weeks after it are new"
    )
    options = parser.parse_args()
    if options.workdir.exists():
        raise SystemExit(f"{options.workdir} exists already: remove it, or give --workdir")
    make_samples(options.python or find_python(), options.workdir, options.keep_week)


if __name__ == "__main__":
    main()
