"""What happens to the harbor_cafe project: every call of dbt, when, and what was done before it."""

from __future__ import annotations

from dataclasses import dataclass

UPGRADE_DAY = "2026-11-04"
OLD_DBT, NEW_DBT = "1.7", "1.10"
NO_DEFECTS: tuple[str, ...] = ()


@dataclass(frozen=True)
class Invocation:
    """One call of dbt."""

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

WEEK = (
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


# Two weeks more, in which things go wrong on purpose: what was done, and when, is known, and so what views must find.

LATE = "03:40:00"
IN_TIME = ("test", "--select", "assert_loyalty_report_in_time", "assert_loyalty_report_in_time_warns")
PINGS = ("test", "--select", "source:pos.till_pings")


def _freshness(day: int, story: str = "all pass", exit_code: int = 0) -> Invocation:
    return Invocation(f"2026-11-{day:02} 06:00:00", "freshness", "freshness", FRESHNESS, story, None, exit_code)


def _night(
    day: int, story: str, defects: tuple[str, ...] | None = NO_DEFECTS, exit_code: int = 0, time: str = "03:10:00"
) -> Invocation:
    return Invocation(f"2026-11-{day:02} {time}", "nightly", "build", BUILD, story, defects, exit_code)


EPISODES = (
    _night(9, "tills send pings, in a table of their own; a report must be there by half past three"),
    _freshness(9),
    _night(10, "a quantity is no number: models fail", ("bad_quantity",), 1),
    _freshness(10),
    Invocation("2026-11-10 08:20:00", "nightly", "retry", ("retry",), "the raw data is mended: all pass", NO_DEFECTS),
    _night(11, "a commit breaks rpt_product_sales", exit_code=1),
    _freshness(11),
    _night(12, "the run is late, so the report is too; rpt_product_sales fails still", NO_DEFECTS, 1, LATE),
    _freshness(12),
    Invocation("2026-11-12 09:05:00", "checks", "test", IN_TIME, "flaky: it passes, and nothing had changed"),
    _night(13, "rpt_product_sales is mended"),
    _freshness(13),
    _night(14, "pings flood in: rpt_till_gaps is slow", ("ping_flood",)),
    _freshness(14),
    _night(15, "the flood goes on; the run is late", ("ping_flood",), 1, LATE),
    _freshness(15),
    _night(16, "the flood goes on; a commit makes rpt_table_turns slow", ("ping_flood",)),
    _freshness(16),
    _night(17, "the flood is over"),
    _freshness(17),
    _night(18, "the run is late", NO_DEFECTS, 1, LATE),
    _freshness(18),
    Invocation("2026-11-18 09:05:00", "checks", "test", IN_TIME, "flaky again"),
    _night(19, "a ping without a time: the source's test fails, rpt_till_gaps is skipped", ("ping_without_time",), 1),
    _freshness(19),
    Invocation(
        "2026-11-19 06:30:00", "freshness", "freshness", FRESHNESS, "the pings have come again, mended", ("late_pings",)
    ),
    Invocation("2026-11-19 09:05:00", "checks", "test", PINGS, "it passes: there is new data"),
    _night(20, "rpt_table_turns is mended"),
    _freshness(20),
    _night(21, "a quiet night"),
    _freshness(21),
    _night(22, "no new data has come: tables are built for nothing", None),
    _freshness(22, "a day old: all warn"),
    _night(23, "nor has any now", None),
    _freshness(23, "two days old: most in error", 1),
    *(
        Invocation(
            f"2026-11-23 12:{minute:02}:00",
            "threads",
            f"{threads}_threads",
            ("build", "--threads", str(threads)),
            "the same in dev, to compare",
            environment="dev",
        )
        for minute, threads in ((0, 1), (5, 2), (10, 4), (15, 8))
    ),
)
