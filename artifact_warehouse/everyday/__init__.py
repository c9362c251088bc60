"""The daily questions: `runs`, `failures`, `slow` and others. Each is declared once, and answered over schema v1.

`questions` declares them and imports no database, so that the command line starts quickly. `answers` asks them.
"""

from artifact_warehouse.everyday.questions import (
    QUESTIONS,
    Question,
    changes,
    compare,
    failures,
    flaky,
    run,
    runs,
    show,
    slow,
)
from artifact_warehouse.everyday.status import status

__all__ = [
    "QUESTIONS",
    "Question",
    "changes",
    "compare",
    "failures",
    "flaky",
    "run",
    "runs",
    "show",
    "slow",
    "status",
]
