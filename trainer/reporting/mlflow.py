"""MLflow: a run of the operator's experiment, found again by a tag.

The client reads who we are from its own environment (MLFLOW_TRACKING_USERNAME, MLFLOW_TRACKING_PASSWORD or
MLFLOW_TRACKING_TOKEN), and how patient it is (MLFLOW_HTTP_REQUEST_TIMEOUT, MLFLOW_HTTP_REQUEST_MAX_RETRIES).
"""

from dataclasses import dataclass

from mlflow.entities import Metric, Param, Run, RunTag
from mlflow.exceptions import MlflowException
from mlflow.tracking import MlflowClient

from core.errors import Unavailable
from core.settings import settings
from trainer.reporting.reporter import Ending, Leaf, Opening, Row
from trainer.reporting.serve import serve

TAG = "burnish.run"
IN_ORDER = ("train/loss", "validation/loss")  # each row has one of them at least
PARAMS_AT_ONCE = 100  # what a server takes in one request
LONGEST = 500  # characters of a parameter or a tag that every release takes
STATUS: dict[Ending, str] = {"succeeded": "FINISHED", "failed": "FAILED", "left": "KILLED"}


@dataclass(frozen=True)
class Experiment:
    """One run in MLflow's experiment; steps up to `last` are there."""

    client: MlflowClient
    id: str
    last: int

    @property
    def where(self) -> str:
        """The run's id there."""
        return f"experiment {settings().reports_project}, run {self.id}"

    def report(self, row: Row) -> None:
        """Send a step's numbers in one request."""
        if row.step <= self.last:
            return
        at = int(row.at * 1000)
        try:
            self.client.log_batch(self.id, metrics=[Metric(n, v, at, row.step) for n, v in row.values.items()])
        except MlflowException as error:
            raise Unavailable(f"MLflow does not take step {row.step}: {error}") from error

    def finish(self, ending: Ending) -> None:
        """Say how the attempt ended; another one sets it running again."""
        try:
            self.client.set_terminated(self.id, status=STATUS[ending])
        except MlflowException as error:
            raise Unavailable(f"MLflow does not take the run's end: {error}") from error


def open_experiment(opening: Opening) -> Experiment:
    """Begin the run, or go on with it."""
    client = MlflowClient(tracking_uri=settings().mlflow_uri)
    try:
        run = _run(client, _experiment(client), opening)
        _describe(client, run, opening)
        last = max(
            (one.step for name in IN_ORDER for one in client.get_metric_history(run.info.run_id, name)), default=0
        )
    except MlflowException as error:
        raise Unavailable(f"MLflow does not take the run: {error}") from error
    return Experiment(client, run.info.run_id, last)


def _experiment(client: MlflowClient) -> str:
    """The id of the experiment, which is made when it is missing."""
    name = settings().reports_project
    found = client.get_experiment_by_name(name)
    if found is not None:
        return str(found.experiment_id)
    try:
        return str(client.create_experiment(name))
    except MlflowException:
        found = client.get_experiment_by_name(name)  # another run has made it meanwhile
        if found is None:
            raise
        return str(found.experiment_id)


def _run(client: MlflowClient, experiment: str, opening: Opening) -> Run:
    found = client.search_runs([experiment], filter_string=f"tags.`{TAG}` = '{opening.run}'", max_results=1)
    if not found:
        return client.create_run(experiment, tags={TAG: opening.run}, run_name=opening.run)
    client.update_run(found[0].info.run_id, status="RUNNING")
    return found[0]


def _describe(client: MlflowClient, run: Run, opening: Opening) -> None:
    """What was asked for as parameters, which never change; what was found as tags, which may."""
    params = [Param(name, value) for name, value in _short(opening.config).items()]
    for start in range(0, len(params), PARAMS_AT_ONCE):
        client.log_batch(run.info.run_id, params=params[start : start + PARAMS_AT_ONCE])
    tags = {f"burnish.{name}": value for name, value in _short(opening.facts).items()}
    if opening.link:
        tags["mlflow.note.content"] = f"[{opening.run}]({opening.link})"
    client.log_batch(run.info.run_id, tags=[RunTag(name, value) for name, value in tags.items()])


def _short(told: dict[str, Leaf]) -> dict[str, str]:
    return {name: str(value)[:LONGEST] for name, value in told.items() if value is not None}


if __name__ == "__main__":
    serve(open_experiment)
