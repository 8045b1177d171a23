"""The process that tells one place of one run, and that the trainer may kill.

Clients wait for servers, keep threads, and tidy up at the end of their process; none of that may happen in the
trainer's own. Each line of the input is one JSON object, and is answered by one line: first the opening, then rows,
then `{"ending": ...}`. An answer says whether the line was taken (`taken`).
"""

import json
import os
import signal
import sys
from collections.abc import Callable
from typing import Any, TextIO

import structlog

from core.errors import Unavailable
from core.logs import configure
from trainer.reporting.reporter import Opening, Reporter, Row
from trainer.tie import die_with_parent

log = structlog.get_logger()


def serve(open_: Callable[[Opening], Reporter]) -> None:
    """Serve until the input ends; ends the process, with status 1 where the place does not take the run."""
    die_with_parent()
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # the trainer's group is asked to end: its last rows are to come yet
    asked, answers = _lines()
    configure()
    reporter = _opened(open_, Opening(**json.loads(asked.readline())))
    _say(answers, {"taken": reporter is not None, "where": reporter.where if reporter is not None else None})
    if reporter is None:
        sys.exit(1)
    for line in asked:
        _say(answers, {"taken": _taken(reporter, json.loads(line))})


def _lines() -> tuple[TextIO, TextIO]:
    """Input and output for ourselves alone: what clients print goes to the log, what they start inherits nothing."""
    asked, answers = os.fdopen(os.dup(0)), os.fdopen(os.dup(1), "w")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(2, 1)
    os.close(nothing)
    return asked, answers


def _opened(open_: Callable[[Opening], Reporter], opening: Opening) -> Reporter | None:
    """The run in its place; None where it is not taken there, and the log says why."""
    try:
        return open_(opening)
    except Unavailable as error:
        _not_taken(error)
        return None


def _taken(reporter: Reporter, told: dict[str, Any]) -> bool:
    """Whether the place took a row, or the end; the log says why it did not."""
    try:
        if "ending" in told:
            reporter.finish(told["ending"])
        else:
            reporter.report(Row(**told))
    except Unavailable as error:
        _not_taken(error)
        return False
    return True


def _not_taken(error: Unavailable) -> None:
    log.warning("report not taken", error=error.message)


def _say(answers: TextIO, answer: dict[str, Any]) -> None:
    answers.write(json.dumps(answer) + "\n")
    answers.flush()
