"""Make the sample artifacts again: run real dbt over a made-up week.

The dbt project in `project/` is run with two versions of dbt, eight days long:
each night loads new raw data, some nights with defects, and on some days the
project changes (`project_changes/<day>/` is copied over it). The JSON files
that an invocation wrote are kept, byte by byte, in

    runs/environment=<env>/job=<job>/<day>_<nn>_<label>/

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
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
DATABASE = "harbor_cafe.duckdb"
UPGRADE_DAY = "2026-11-04"
OLD_DBT, NEW_DBT = "1.7", "1.10"
ARTIFACTS = (
    "manifest.json",
    "run_results.json",
    "catalog.json",
    "sources.json",
    "semantic_manifest.json",
)
TABLE_START, TABLE_END = "<!-- invocations -->", "<!-- end of invocations -->"
NO_DEFECTS: tuple[str, ...] = ()


@dataclass(frozen=True)
class Invocation:
    """One call of dbt in the made-up week."""

    time: str  # when it starts, in UTC
    job: str
    label: str
    command: tuple[str, ...]
    story: str  # what happens, for the README
    defects: tuple[str, ...] | None = None  # None: no new raw data before it
    exit_code: int = 0
    environment: str = "prod"

    @property
    def day(self) -> str:
        return self.time[:10]

    @property
    def dbt(self) -> str:
        return OLD_DBT if self.day < UPGRADE_DAY else NEW_DBT


BUILD = ("build",)
FRESHNESS = ("source", "freshness")
DOCS = ("docs", "generate")

INVOCATIONS = (
    Invocation("2026-11-01 03:10:00", "nightly", "build", BUILD, "first build", NO_DEFECTS),
    Invocation("2026-11-01 06:00:00", "freshness", "freshness", FRESHNESS, "all pass"),
    Invocation("2026-11-01 07:00:00", "docs", "docs", DOCS, "first catalog"),
    Invocation(
        "2026-11-02 03:10:00", "nightly", "build", BUILD,
        "payments are late: a test warns", ("late_payments",),
    ),
    Invocation("2026-11-02 06:00:00", "freshness", "freshness", FRESHNESS, "payments warn"),
    Invocation(
        "2026-11-02 13:30:00", "adhoc", "build", BUILD,
        "first build in dev", environment="dev",
    ),
    Invocation(
        "2026-11-03 03:10:00", "nightly", "build", BUILD,
        "prices change; a quantity is no number and the ferry table is gone: models fail",
        ("bad_quantity", "no_ferry_table"), 1,
    ),
    Invocation(
        "2026-11-03 06:00:00", "freshness", "freshness", FRESHNESS,
        "ferries: runtime error", None, 1,
    ),
    Invocation(
        "2026-11-03 08:20:00", "nightly", "retry", ("retry",),
        "the raw data is mended: all pass", NO_DEFECTS,
    ),
    Invocation(
        "2026-11-04 03:10:00", "nightly", "build", BUILD,
        "dbt upgraded; SQL and a description change, unit test, v2 is latest; "
        "a new payment method warns", ("stale_guests",),
    ),
    Invocation(
        "2026-11-04 06:00:00", "freshness", "freshness", FRESHNESS, "guests in error", None, 1
    ),
    Invocation(
        "2026-11-04 14:00:00", "adhoc", "run", ("run", "--select", "fct_cafe_days+"),
        "the changed model in dev", environment="dev",
    ),
    Invocation(
        "2026-11-05 03:10:00", "nightly", "build", BUILD,
        "new column and model; a café that is not in the seed: a test fails", NO_DEFECTS, 1,
    ),
    Invocation(
        "2026-11-05 09:00:00", "checks", "test", ("test", "--select", "fct_orders"),
        "it still fails", None, 1,
    ),
    Invocation(
        "2026-11-06 03:10:00", "nightly", "build", BUILD,
        "prices change; the same test fails, the ferry table is gone again", ("no_ferry_table",), 1,
    ),
    Invocation(
        "2026-11-06 06:00:00", "freshness", "freshness", FRESHNESS,
        "ferries: as on the third day, but this dbt leaves them out of the file", None, 1,
    ),
    Invocation(
        "2026-11-06 15:00:00", "adhoc", "vars",
        ("run", "--select", "fct_orders+", "--vars", "{'lookback_days': 7}"),
        "a look further back, in dev; no ferries there either", None, 1, "dev",
    ),
    Invocation(
        "2026-11-07 03:10:00", "nightly", "build", BUILD,
        "café and payment method are known now, a model is disabled: recovered", NO_DEFECTS,
    ),
    Invocation(
        "2026-11-07 05:00:00", "maintenance", "full_refresh",
        ("run", "--full-refresh", "--select", "fct_orders+"), "rebuilt from scratch",
    ),
    Invocation("2026-11-07 07:00:00", "docs", "docs", DOCS, "catalog of the changed project"),
    Invocation("2026-11-08 03:10:00", "nightly", "build", BUILD, "a quiet night", NO_DEFECTS),
    Invocation("2026-11-08 06:00:00", "freshness", "freshness", FRESHNESS, "all pass"),
    Invocation(
        "2026-11-08 10:00:00", "adhoc", "build", ("build", "--select", "+rpt_loyalty"),
        "one report and all above it",
    ),
)  # fmt: skip


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


def run_week(environments: dict[str, Path], workdir: Path, runs: Path) -> list[Path]:
    """Run every invocation and keep its artifacts; gives the folders."""
    shutil.copytree(HERE / "project", workdir, dirs_exist_ok=True)
    folders: list[Path] = []
    day, number = "", 0
    for invocation in INVOCATIONS:
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


def invocation_table(folders: list[Path], runs: Path) -> str:
    """The table of the README, in Markdown; what it counts is read from the artifacts."""
    lines = ["| folder | dbt | command | results | what happened |", "|---|---|---|---|---|"]
    for invocation, folder in zip(INVOCATIONS, folders, strict=True):
        version = read_json(folder / "manifest.json")["metadata"]["dbt_version"]
        name = str(folder.relative_to(runs)).replace("environment=", "").replace("job=", "")
        lines.append(
            f"| {name} | {version} | `{' '.join(invocation.command)}` | {status_counts(folder)} | {invocation.story} |"
        )
    return "\n".join(lines)


def update_readme(table: str) -> None:
    """Put the table between its two marks."""
    readme = HERE / "README.md"
    text = readme.read_text(encoding="utf-8")
    head, rest = text.split(TABLE_START)
    tail = rest.split(TABLE_END)[1]
    readme.write_text(f"{head}{TABLE_START}\n{table}\n{TABLE_END}{tail}", encoding="utf-8")


def make_samples(python: str, workdir: Path) -> None:
    """Run the week in a new `workdir` and replace `runs/` at the end."""
    with tempfile.TemporaryDirectory() as scratch:
        environments = {dbt: make_environment(python, dbt, Path(scratch, f"dbt-{dbt}")) for dbt in (OLD_DBT, NEW_DBT)}
        workdir.mkdir(parents=True)
        try:
            runs = Path(scratch, "runs")
            folders = run_week(environments, workdir, runs)
        finally:
            shutil.rmtree(workdir)
        check_artifacts(runs)
        table = invocation_table(folders, runs)
        shutil.rmtree(HERE / "runs", ignore_errors=True)
        shutil.copytree(runs, HERE / "runs")
    update_readme(table)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--python", help="the Python for dbt (default: the 3.11 that is found)")
    parser.add_argument(
        "--workdir",
        type=Path,
        default=Path("/srv/harbor_cafe"),
        help="where the project runs; this path gets into the artifacts (default: %(default)s)",
    )
    options = parser.parse_args()
    if options.workdir.exists():
        raise SystemExit(f"{options.workdir} exists already: remove it, or give --workdir")
    make_samples(options.python or find_python(), options.workdir)


if __name__ == "__main__":
    main()
