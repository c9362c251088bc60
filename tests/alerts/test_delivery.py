"""Messages on their way: receivers that fail, hang and close, services of apprise, secrets, and two calls at once."""

from __future__ import annotations

import json
import shutil
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from builders import artifact, write
from commandline import run
from receiver import Receiver
from testdata import release_only

from artifact_warehouse import Warehouse
from artifact_warehouse.errors import InvalidConfig

pytestmark = pytest.mark.slow

BEGAN = datetime(2026, 11, 10)
NOW = BEGAN + timedelta(hours=12)
MODEL = "model.shop.orders"
SECRET = "distinctive-secret-of-42"


def load_run(wh: Warehouse, folder: Path, day: int, *statuses: str) -> None:
    """A run at noon, with a result for each status: of the models orders, orders1, …"""
    at = f"2026-11-{day:02}T11:00:0{{}}Z"
    timing = [{"name": "execute", "started_at": at.format(1), "completed_at": at.format(2)}]
    fields = {"invocation_id": f"run-of-{day}-{'-'.join(statuses)}", "generated_at": at.format(3)}
    results = [
        {
            "unique_id": f"{MODEL}{number or ''}",
            "status": status,
            "timing": timing,
            "thread_id": "Thread-1",
            "execution_time": 1.0,
            "message": "Database Error in model orders (models/orders.sql)\n  no such table: raw\n  LINE 1: select",
            "failures": None,
            "adapter_response": {},
        }
        for number, status in enumerate(statuses)
    ]
    content = artifact("run_results", fields, results=results, elapsed_time=1.0, args={"which": "run"})
    place = folder / f"{day}_{'_'.join(statuses)}"
    write(place, "run_results", content)
    wh.load(place, project="shop", environment="prod", job="nightly")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("failing")
    with Warehouse(folder / "wh.duckdb") as wh:
        load_run(wh, folder / "runs", 9, "success")
        wh.notify(config("http://127.0.0.1:1"), now=BEGAN)
        load_run(wh, folder / "runs", 10, "error")
    return folder / "wh.duckdb"


@pytest.fixture
def failing(made: Path, tmp_path: Path) -> Iterator[Warehouse]:
    """A warehouse whose channel is known since a day, and in which a model failed since."""
    with Warehouse(shutil.copy(made, tmp_path / "wh.duckdb")) as wh:
        yield wh


def config(url: str, **channel: Any) -> dict[str, Any]:
    return {"alerts": {"channels": {"oncall": {"webhook": url, "timeout": "1s", **channel}}}}


def states(wh: Warehouse, settings: dict[str, Any], minutes: int = 0) -> list[tuple[str, str | None]]:
    report = wh.notify(settings, now=NOW + timedelta(minutes=minutes))
    return [(one.state, one.error) for one in report.deliveries]


def test_a_message_says_what_why_and_where_in_text_and_as_fields(failing: Warehouse) -> None:
    with Receiver() as receiver:
        assert states(failing, config(receiver.url)) == [("sent", None)]
    [message] = receiver.messages
    assert message["text"] == (
        "shop prod: orders failed in nightly\n\norders failed Tue 10 Nov 11:00 UTC\nno such table: raw"
    )
    assert message["body"]["markdown"] == "**`orders`** failed Tue 10 Nov 11:00 UTC  \n`no such table: raw`"
    [event] = message["events"]
    assert (event["kind"], event["unique_id"], event["reason"]) == ("failed", MODEL, "no such table: raw")
    assert receiver.headers[0]["Idempotency-Key"] == message["id"]
    assert not message["is_repeated"]


@pytest.mark.parametrize("status", [500, None, *release_only(302, 404)])
def test_what_a_receiver_did_not_accept_is_sent_again_by_the_next_call_and_then_no_more(
    failing: Warehouse, status: int | None
) -> None:
    with Receiver(lambda message: status) as receiver:
        [(state, error)] = states(failing, config(receiver.url))
        assert state == "failed"
        assert error == (f"HTTP {status}" if status else "RemoteDisconnected")
        receiver.answer = lambda message: 200
        assert states(failing, config(receiver.url), minutes=1) == [("sent", None)]
        assert states(failing, config(receiver.url), minutes=2) == []
    assert [message["id"] for message in receiver.seen] == [receiver.messages[0]["id"]] * 2
    assert not receiver.messages[0]["is_repeated"], "the receiver had said that it did not take it"


def test_a_receiver_that_hangs_or_is_not_there_does_not_hold_up_the_call(failing: Warehouse) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        assert states(failing, config(url, timeout="0.2s")) == [("failed", "no answer in time")]
    assert states(failing, config(url), minutes=1) == [("failed", "Connection refused")]


def test_a_channel_that_fails_gets_its_messages_later_in_their_order(failing: Warehouse, tmp_path: Path) -> None:
    with Receiver(lambda message: 500) as receiver:
        assert [state for state, _ in states(failing, config(receiver.url))] == ["failed"]
        load_run(failing, tmp_path / "runs", 11, "error", "error")
        assert [state for state, _ in states(failing, config(receiver.url), minutes=1)] == ["failed", "waiting"]
        receiver.answer = lambda message: 200
        assert [state for state, _ in states(failing, config(receiver.url), minutes=2)] == ["sent", "sent"]
    assert [message["events"][0]["name"] for message in receiver.messages] == ["orders", "orders1"]


def test_two_calls_at_once_tell_everything_once(failing: Warehouse) -> None:
    failing.close()
    both = threading.Barrier(2)

    def call() -> int:
        both.wait()
        with Warehouse(failing.path, wait=30) as wh:
            return len(wh.notify(config(receiver.url), now=NOW).deliveries)

    with Receiver() as receiver, ThreadPoolExecutor(2) as pool:
        counts = sorted(one.result() for one in [pool.submit(call), pool.submit(call)])
    assert (counts, len(receiver.seen)) == ([0, 1], 1)


def test_a_message_whose_sending_was_never_confirmed_is_sent_again_and_says_so(failing: Warehouse) -> None:
    """As after a kill between the two: the claim is there, and no end of it."""
    with Receiver() as receiver:
        states(failing, config(receiver.url))
        failing.connection.execute(
            "UPDATE stored.alert_messages SET sent_at = NULL, claimed_until = created_at + INTERVAL 2 MINUTE"
        )
        assert states(failing, config(receiver.url), minutes=1) == [], "the other call may still be sending it"
        assert states(failing, config(receiver.url), minutes=2) == [("sent", None)]
    first, second = receiver.messages
    assert (first["id"], first["is_repeated"]) == (second["id"], False)
    assert second["is_repeated"] and "Sent again" in second["text"]


def test_a_dry_run_sends_nothing_and_notes_nothing(failing: Warehouse) -> None:
    with Receiver() as receiver:
        [planned] = failing.notify(config(receiver.url), dry_run=True, now=NOW).deliveries
        assert (planned.state, receiver.seen) == ("planned", [])
        assert states(failing, config(receiver.url)) == [("sent", None)]
        assert [one["title"] for one in receiver.messages] == [planned.content["title"]]


def test_a_service_of_apprise_gets_title_body_and_colour(failing: Warehouse) -> None:
    with Receiver() as receiver:
        url = receiver.url.replace("http:", "json:")
        settings = {"alerts": {"channels": {"oncall": {"url": url}}}}
        assert states(failing, settings) == [("sent", None)]
    [message] = receiver.messages
    assert (message["title"], message["type"]) == ("shop prod: orders failed in nightly", "failure")
    assert message["message"] == "**`orders`** failed Tue 10 Nov 11:00 UTC  \n`no such table: raw`"


def test_secrets_come_from_the_environment_and_stay_out_of_the_warehouse_and_of_errors(
    failing: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOOK_TOKEN", SECRET)
    with Receiver(lambda message: 500) as receiver:
        settings = config(receiver.url + "/${HOOK_TOKEN}", headers={"Authorization": "Bearer ${HOOK_TOKEN}"})
        [(_, error)] = states(failing, settings)
    assert receiver.headers[0]["Authorization"] == f"Bearer {SECRET}"
    failing.close()
    assert SECRET not in str(error) and SECRET.encode() not in failing.path.read_bytes()


def test_an_environment_variable_that_is_not_set_is_named(failing: Warehouse) -> None:
    with pytest.raises(InvalidConfig, match=r"alerts\.channels\.oncall: .* NOT_THERE is not set"):
        failing.notify(config("${NOT_THERE}"), now=NOW)


def test_the_command_says_what_it_sent_and_that_it_is_to_be_called_again(failing: Warehouse, tmp_path: Path) -> None:
    failing.close()
    with Receiver(lambda message: 500) as receiver:
        path = tmp_path / "artifact-warehouse.toml"
        path.write_text(f'[alerts.channels.oncall]\nwebhook = "{receiver.url}"\n')
        call = ("notify", failing.path, "--config", path, "--now", f"{NOW:%Y-%m-%dT%H:%M:%S}")
        dry = run(*call, "--dry-run")
        assert (dry.exit_code, "no such table: raw" in dry.stdout) == (0, True)
        failed = run(*call)
        assert failed.exit_code == 75
        assert failed.stdout == "failed  oncall: shop prod: orders failed in nightly (HTTP 500)\n"
        receiver.answer = lambda message: 200
        sent = run(*call, "--format", "json")
        assert sent.exit_code == 0
        assert json.loads(sent.stdout)["messages"][0]["state"] == "sent"
        nothing = run(*call)
        assert (nothing.exit_code, nothing.stdout, nothing.stderr) == (0, "", "nothing is new\n")


def test_a_run_that_dbt_gave_up_is_one_message(failing: Warehouse, tmp_path: Path) -> None:
    """dbt 2.0 writes every node as an error with one message and no time at all (rule 2, docs/rules.md)."""
    results = [
        {"unique_id": f"model.shop.m{n}", "status": "error", "timing": [], "thread_id": "", "execution_time": 0.0}
        | {"message": "dbt1014: cannot connect", "failures": None, "adapter_response": {}}
        for n in range(30)
    ]
    fields = {"invocation_id": "aborted", "generated_at": "2026-11-10T11:30:00Z", "dbt_version": "2.0.0"}
    content = artifact("run_results", fields, results=results, elapsed_time=0.0, args={"which": "build"})
    write(tmp_path / "aborted", "run_results", content)
    failing.load(tmp_path / "aborted", project="shop", environment="prod", job="nightly")
    with Receiver() as receiver:
        states(failing, config(receiver.url))
    assert [message["kind"] for message in receiver.messages] == ["failed", "run_failed"]
    assert "dbt1014: cannot connect" in receiver.messages[1]["text"]


@pytest.mark.release
def test_a_prune_takes_the_messages_and_leaves_what_was_told(failing: Warehouse) -> None:
    with Receiver() as receiver:
        states(failing, config(receiver.url))
        assert failing.verify() == []
        failing.prune(datetime(2026, 11, 10), dry_run=False)
        assert failing.view("alerts").fetchall() != []
        failing.prune(datetime(2026, 11, 11), dry_run=False)
        assert failing.verify() == []
        assert states(failing, config(receiver.url), minutes=5) == []
    assert len(receiver.seen) == 1
