"""Fill the raw tables of the harbor_cafe project as they stood on one night.

Made-up data, always the same for the same day. `make_samples.py` calls this
script with the Python of a virtual environment that has DuckDB.
"""

from __future__ import annotations

import argparse
import random
from datetime import date, datetime, time, timedelta
from typing import Any

import duckdb

FIRST_DAY = date(2026, 10, 20)
POP_UP_OPENS = date(2026, 11, 4)  # café 9 sells before it is in the seed `cafes`
TAP_TO_PAY_FROM = date(2026, 11, 3)  # a payment method that the project does not know yet
NO_TABLE_NUMBERS_ON = date(2026, 11, 5)  # a till forgets the table number
GUEST_WITHOUT_EMAIL = 54  # joins on 2026-11-03

PINGS_FROM = date(2026, 11, 9)  # tills tell every few minutes that they are there
PINGS, FLOOD_OF_PINGS = 2_000, 20_000

DEFECTS = (
    "bad_quantity",
    "late_payments",
    "stale_guests",
    "no_ferry_table",
    "ping_flood",
    "ping_without_time",
    "late_pings",
)

PRICES = {1: 260, 2: 390, 3: 310, 4: 540, 5: 420, 6: 690, 7: 890, 8: 350}
FERRIES = {"Northquay": "MS Seabird", "Eastpier": "MS Tern", "Westhaven": "MS Åland"}
FIRST_NAMES = ("Zoë", "Jürgen", "Aino", "Marek", "Inês", "Tom", "Björk", "Lea")
LAST_NAMES = ("Novák", "Smith", "Mäki", "Sørensen", "Costa", "Weber")
TIERS = ("deckhand", "mate", "captain")

TABLES = {
    "pos_orders": (
        "order_id integer, cafe_id integer, guest_id integer, ordered_at timestamp, "
        "channel varchar, table_number integer, status varchar, tip_cents integer, "
        "loaded_at timestamp"
    ),
    "pos_order_lines": (
        "line_id integer, order_id integer, product_id integer, quantity varchar, "
        "unit_price_cents integer, loaded_at timestamp"
    ),
    "pos_payments": (
        "payment_id integer, order_id integer, method varchar, amount_cents integer, "
        "paid_at timestamp, loaded_at timestamp"
    ),
    "loyalty_guests": (
        "guest_id integer, first_name varchar, last_name varchar, email varchar, "
        "home_harbour varchar, tier varchar, updated_at timestamp, loaded_at timestamp"
    ),
    "ferry_arrivals": (
        "arrival_id integer, harbour varchar, ferry varchar, arrived_at timestamp, "
        "passengers integer, loaded_at timestamp"
    ),
}

Rows = dict[str, list[tuple[Any, ...]]]


def night_after(day: date) -> datetime:
    """When the files of `day` come in: at two in the next night."""
    return datetime.combine(day + timedelta(days=1), time(2))


def add_sales(rows: Rows, day: date) -> None:
    """Add the orders, lines and payments of one day."""
    rng = random.Random(f"sales {day}")
    loaded_at = night_after(day)
    cafes = [1, 2, 3, 4] + ([9] if day >= POP_UP_OPENS else [])
    for cafe_id in cafes:
        for _ in range(rng.randint(12, 20)):
            order_id = 1001 + len(rows["pos_orders"])
            ordered_at = datetime.combine(day, time(7)) + timedelta(minutes=rng.randint(0, 700))
            channel = rng.choice(["counter", "counter", "TABLE", "App"])
            table = rng.randint(1, 12) if channel == "TABLE" else None
            if day == NO_TABLE_NUMBERS_ON and cafe_id == 3:
                table = None
            guest_id = rng.choice([None, rng.randint(1, 40)])
            status = "served" if rng.random() < 0.97 else "cancelled"
            rows["pos_orders"].append(
                (order_id, cafe_id, guest_id, ordered_at, channel, table, status,
                 rng.choice([0, 0, 50, 100]), loaded_at)
            )  # fmt: skip
            total = add_lines(rows, rng, order_id, loaded_at)
            methods = ["card", "cash", "app", "voucher"]
            if day >= TAP_TO_PAY_FROM:
                methods.append("tap")
            rows["pos_payments"].append(
                (5001 + len(rows["pos_payments"]), order_id, rng.choice(methods), total,
                 ordered_at + timedelta(minutes=9), loaded_at)
            )  # fmt: skip


def add_lines(rows: Rows, rng: random.Random, order_id: int, loaded_at: datetime) -> int:
    """Add the lines of one order; gives its total in cents."""
    total = 0
    for product_id in rng.sample(sorted(PRICES), rng.randint(1, 3)):
        quantity = rng.randint(1, 3)
        line_id = 20001 + len(rows["pos_order_lines"])
        rows["pos_order_lines"].append((line_id, order_id, product_id, str(quantity), PRICES[product_id], loaded_at))
        total += quantity * PRICES[product_id]
    return total


def add_ferries(rows: Rows, day: date) -> None:
    """Add the ferries of one day."""
    rng = random.Random(f"ferries {day}")
    for harbour, ferry in FERRIES.items():
        for hour in (8, 11, 16):
            rows["ferry_arrivals"].append(
                (1 + len(rows["ferry_arrivals"]), harbour, ferry,
                 datetime.combine(day, time(hour, rng.randint(0, 59))),
                 rng.randint(40, 420), night_after(day))
            )  # fmt: skip


def add_guests(rows: Rows, last_day: date) -> None:
    """Add the guests; every day a few of them rise a tier, and one joins."""
    days = (last_day - FIRST_DAY).days
    for guest_id in range(1, 41 + days):
        rng = random.Random(f"guest {guest_id}")
        first, last = rng.choice(FIRST_NAMES), rng.choice(LAST_NAMES)
        # On day n, the guests whose number ends like n rise a tier.
        rises = [n for n in range(days + 1) if n % 10 == guest_id % 10]
        updated = FIRST_DAY + timedelta(days=rises[-1] if rises else 0)
        email = None if guest_id == GUEST_WITHOUT_EMAIL else f"guest{guest_id}@example.org"
        rows["loyalty_guests"].append(
            (guest_id, first, last, email, rng.choice(list(FERRIES)),
             TIERS[min(len(rises), 2)], datetime.combine(updated, time(18)),
             night_after(last_day))
        )  # fmt: skip


def raw_rows(day: date, defects: set[str]) -> Rows:
    """All raw rows as of the night of `day`, with the sales up to the day before."""
    rows: Rows = {table: [] for table in TABLES}
    last_day = day - timedelta(days=1)
    sales_day = FIRST_DAY
    while sales_day <= last_day:
        add_sales(rows, sales_day)
        add_ferries(rows, sales_day)
        sales_day += timedelta(days=1)
    guests_day = last_day - timedelta(days=2) if "stale_guests" in defects else last_day
    add_guests(rows, guests_day)
    if "late_payments" in defects:
        rows["pos_payments"] = [row for row in rows["pos_payments"] if row[-1] < night_after(last_day)]
    if "bad_quantity" in defects:
        line = rows["pos_order_lines"][-3]
        rows["pos_order_lines"][-3] = (*line[:3], "two", *line[4:])
    return rows


def load(database: str, day: date, defects: set[str]) -> None:
    """Write the raw tables into the DuckDB file."""
    rows = raw_rows(day, defects)
    connection = duckdb.connect(database)
    connection.execute("begin")
    connection.execute("create schema if not exists raw")
    for table, columns in TABLES.items():
        # The tables stay, only their rows change: views depend on them.
        connection.execute(f"create table if not exists raw.{table} ({columns})")
        connection.execute(f"delete from raw.{table}")
        marks = "(" + ", ".join("?" * len(rows[table][0])) + ")"
        values = [value for row in rows[table] for value in row]
        connection.execute(f"insert into raw.{table} values {', '.join([marks] * len(rows[table]))}", values)
    if day >= PINGS_FROM:
        load_pings(connection, day, defects)
    if "no_ferry_table" in defects:
        connection.execute("drop table raw.ferry_arrivals")
    connection.execute("commit")
    connection.close()


def load_pings(connection: duckdb.DuckDBPyConnection, day: date, defects: set[str]) -> None:
    """Write the pings of the day before."""
    connection.execute(
        "create table if not exists raw.till_pings "
        "(ping_id integer, cafe_id integer, pinged_at timestamp, loaded_at timestamp)"
    )
    connection.execute("delete from raw.till_pings")
    night = night_after(day - timedelta(days=1))
    loaded_at = night + timedelta(hours=4, minutes=10) if "late_pings" in defects else night
    count = FLOOD_OF_PINGS if "ping_flood" in defects else PINGS
    opened = datetime.combine(day - timedelta(days=1), time(7))
    connection.execute(
        "insert into raw.till_pings "
        "select range, 1 + range % 4, ? + to_microseconds(range * 43_200_000_000 // ?), ? from range(?)",
        [opened, count, loaded_at, count],
    )
    if "ping_without_time" in defects:
        connection.execute("update raw.till_pings set pinged_at = null where ping_id = 7")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", required=True)
    parser.add_argument("--day", type=date.fromisoformat, required=True)
    parser.add_argument("--defect", action="append", choices=DEFECTS, default=[])
    options = parser.parse_args()
    load(options.database, options.day, set(options.defect))


if __name__ == "__main__":
    main()
