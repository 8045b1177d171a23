"""A place that a run is reported to, as a process (`python -m tests.fakes.place`), which does what its rows say."""

import sys
from threading import Event

from core.errors import Unavailable
from core.settings import settings
from trainer.reporting.reporter import Ending, Opening, Row
from trainer.reporting.serve import serve


class FakePlace:
    """Takes rows; `hang`, `refuse` and `die` among their numbers are done."""

    where = "a fake"

    def report(self, row: Row) -> None:
        """Do what the row says."""
        if "hang" in row.values:
            Event().wait()
        if "refuse" in row.values:
            raise Unavailable(f"{settings().mlflow_uri} does not answer")
        if "die" in row.values:
            sys.exit(3)

    def finish(self, ending: Ending) -> None:
        """Print, as clients do; nobody takes it for an answer."""
        print("the run", ending)


def open_fake(opening: Opening) -> FakePlace:
    """Refuses a run without a step."""
    if opening.step < 0:
        raise Unavailable("Nobody knows the run.")
    return FakePlace()


if __name__ == "__main__":
    serve(open_fake)
