"""A program that stands for dbt: it writes artifacts of the samples as dbt does, and does what its variables say.

Each call is an invocation of its own: a new invocation_id, the custom variables in `metadata.env`, the times of now.
The variables: STAND_IN_RUN, the folder of artifacts to write; STAND_IN_EXIT, the exit code; STAND_IN_STEPS, what to do
in order: `manifest` and `results` write an artifact, `wait:FILE` waits until a file exists, `touch:FILE`, `kill`.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
import uuid
from datetime import datetime, timezone
from pathlib import Path

_PREFIX = "DBT_ENV_CUSTOM_ENV_"


def main() -> None:
    print("1 of 1 OK", flush=True)
    print("a warning", file=sys.stderr, flush=True)
    invocation_id = str(uuid.uuid4())
    with Path(os.environ["STAND_IN_IDS"]).open("a") as ids:
        ids.write(f"{invocation_id}\n")
    for step in os.environ.get("STAND_IN_STEPS", "manifest results").split():
        name, _, value = step.partition(":")
        if name == "wait":
            while not Path(value).exists():
                time.sleep(0.01)
        elif name == "touch":
            Path(value).touch()
        elif name == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        else:
            write({"manifest": "manifest.json", "results": "run_results.json"}[name], invocation_id)
    sys.exit(int(os.environ.get("STAND_IN_EXIT", "0")))


def write(name: str, invocation_id: str) -> None:
    artifact = json.loads((Path(os.environ["STAND_IN_RUN"]) / name).read_text())
    own = {key.removeprefix(_PREFIX): value for key, value in os.environ.items() if key.startswith(_PREFIX)}
    now = datetime.now(timezone.utc).isoformat().replace("+00:00", "Z")
    artifact["metadata"] |= {"invocation_id": invocation_id, "env": own, "generated_at": now}
    target = Path(os.environ["STAND_IN_TARGET"])
    target.mkdir(parents=True, exist_ok=True)
    (target / name).write_text(json.dumps(artifact))


if __name__ == "__main__":
    main()
