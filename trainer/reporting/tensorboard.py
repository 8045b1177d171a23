"""TensorBoard: event files in a folder of the run, written by its own writer."""

import json
import time
from collections.abc import Iterable
from dataclasses import dataclass

from tensorboard.compat.proto.event_pb2 import Event, SessionLog
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.plugins.hparams.summary_v2 import hparams_pb
from tensorboard.plugins.text.summary_v2 import text_pb
from tensorboard.summary.writer.event_file_writer import EventFileWriter

from core.errors import Unavailable
from trainer.reporting.reporter import Ending, Opening, Row, folder
from trainer.reporting.serve import serve


@dataclass(frozen=True)
class Events:
    """The event files of one run; each attempt writes one of its own."""

    writer: EventFileWriter
    where: str

    def report(self, row: Row) -> None:
        """Write a step's numbers."""
        values = [Summary.Value(tag=name, simple_value=value) for name, value in row.values.items()]
        self.add([Event(wall_time=row.at, step=row.step, summary=Summary(value=values))])

    def finish(self, ending: Ending) -> None:
        """Close the file; it has no word for how a run ended."""
        self.writer.close()

    def add(self, events: Iterable[Event]) -> None:
        """Write events, and bring them to the disk."""
        try:
            for event in events:
                self.writer.add_event(event)
            self.writer.flush()
        except OSError as error:
            raise Unavailable(f"TensorBoard's event file cannot be written: {error}") from error


def open_events(opening: Opening) -> Events:
    """Begin an event file. Whoever reads it forgets what earlier files say of steps behind `opening.step`."""
    into = folder("tensorboard") / opening.run
    try:
        into.mkdir(parents=True, exist_ok=True)
        events = Events(EventFileWriter(str(into)), f"folder {into.name}")
    except OSError as error:
        raise Unavailable(f"The folder of TensorBoard's event files cannot be written to: {error}") from error
    now, after = time.time(), opening.step + 1 if opening.step else 0
    restart = Event(wall_time=now, step=after, session_log=SessionLog(status=SessionLog.START))
    events.add([restart] if opening.step else [restart, *_described(opening, now)])
    return events


def _described(opening: Opening, now: float) -> Iterable[Event]:
    """The run's hyperparameters, for the tables of all runs, and everything as a text."""
    told = {name: value for name, value in opening.config.items() if value is not None}
    yield Event(wall_time=now, step=0, summary=hparams_pb(told, trial_id=opening.run))
    words = json.dumps({"config": opening.config, "facts": opening.facts, "link": opening.link}, indent=2)
    yield Event(wall_time=now, step=0, summary=text_pb("run", f"```json\n{words}\n```"))


if __name__ == "__main__":
    serve(open_events)
