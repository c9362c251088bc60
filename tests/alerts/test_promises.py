"""An exposure says in its own meta what is promised of it."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from builders import artifact, manifest, write
from commandline import run
from receiver import Receiver
from testdata import release_only

from artifact_warehouse import Warehouse

pytestmark = pytest.mark.slow

MODEL, EXPOSURE = "model.shop.orders", "exposure.shop.revenue"


def config(url: str, *promises: dict[str, Any]) -> dict[str, Any]:
    return {"alerts": {"channels": {"oncall": {"webhook": url}}, "promises": [*promises]}}


@pytest.fixture
def load(tmp_path: Path, warehouse: Warehouse):
    """Loads a project whose exposure has a meta, and a good run at noon of 9 November."""

    def load(meta: Any) -> Warehouse:
        fields = {"invocation_id": "first", "generated_at": "2026-11-09T12:00:00Z", "project_name": "shop"}
        model = {"unique_id": MODEL, "name": "orders", "resource_type": "model", "package_name": "shop"}
        exposure = {"unique_id": EXPOSURE, "name": "revenue", "resource_type": "exposure", "package_name": "shop"}
        exposure |= {"type": "dashboard", "owner": {"name": "Ann"}, "config": {"meta": meta}, "meta": meta}
        nodes = {MODEL: model | {"config": {"materialized": "table"}}, EXPOSURE: exposure}
        links = {EXPOSURE: [MODEL], MODEL: []}
        exposure["depends_on"] = {"nodes": [MODEL]}
        write(tmp_path / "runs", "manifest", manifest(nodes, fields, parent_map=links))
        timing = {"name": "execute", "started_at": "2026-11-09T12:00:01Z", "completed_at": "2026-11-09T12:00:02Z"}
        result = {"unique_id": MODEL, "status": "success", "timing": [timing], "execution_time": 1.0}
        result |= {"thread_id": "Thread-1", "message": None, "failures": None, "adapter_response": {}}
        content = artifact("run_results", fields, results=[result], elapsed_time=1.0, args={"which": "build"})
        write(tmp_path / "runs", "run_results", content)
        warehouse.load(tmp_path / "runs", environment="prod", job="nightly")
        return warehouse

    return load


def told(wh: Warehouse, *promises: dict[str, Any]) -> list[tuple[str, str]]:
    """What is told from the run on to noon of 11 November, with a call every six hours."""
    with Receiver() as receiver:
        for hour in range(0, 49, 6):
            wh.notify(config(receiver.url, *promises), now=datetime(2026, 11, 9, 12, 30) + timedelta(hours=hour))
        events = [event for message in receiver.messages for event in message["events"]]
        return [(event["kind"], event["happened_at"]) for event in events]


def test_a_promise_of_meta_is_told_as_one_of_the_configuration(load: Any) -> None:
    terms = {"by": "07:00", "timezone": "Europe/Berlin", "days": ["tue", "wed"], "within": "24h"}
    wh = load({"promise": terms})
    # On Tuesday the run of Monday is 18 hours old; on Wednesday it is too old.
    assert told(wh) == [("promise_broken", "2026-11-11T06:00:00Z")]


@pytest.mark.release
def test_a_promise_of_the_configuration_comes_before_that_of_meta(load: Any) -> None:
    wh = load({"promise": {"by": "07:00"}})
    assert told(wh, {"exposure": "revenue", "by": "09:30"}) == [("promise_broken", "2026-11-11T09:30:00Z")]


@pytest.mark.parametrize(
    ("promise", "words"),
    [
        ({"by": "7"}, "meta.promise.by: Expected `str` matching regex"),
        *release_only(
            ({"days": ["mon"]}, "meta.promise: Object missing required field `by`"),
            ({"by": "07:00", "timezone": "Mars"}, "meta.promise.timezone: 'Mars' is no time zone"),
            ({"by": "07:00", "owner": "me"}, "meta.promise: Object contains unknown field `owner`"),
            ("soon", "meta.promise: Expected `object`, got `str`"),
        ),
    ],
)
def test_a_mistake_in_meta_is_told_and_nothing_is_promised(load: Any, tmp_path: Path, promise: Any, words: str) -> None:
    wh = load({"promise": promise})
    [problem] = wh.notify(config("http://127.0.0.1:1"), now=datetime(2026, 11, 11, 12)).problems
    assert problem.startswith(f"{EXPOSURE} in prod: ") and words in problem
    wh.close()
    (tmp_path / "a.toml").write_text('[alerts.channels.oncall]\nwebhook = "http://127.0.0.1:1"\n')
    done = run("notify", wh.path, "--config", tmp_path / "a.toml", "--now", "2026-11-11T12:00")
    assert done.exit_code == 0 and f"{problem}; nothing is promised of it" in done.stderr
