"""What the end of a shard may end: its dataset, its evaluation, the distillation above."""

from core.database import transaction
from core.ledger import Claim
from core.queries import datasets, distillations, evaluations
from workers import evaluation


def after(claim: Claim) -> None:
    """Bring the parents of a shard that ended up to date. The sweep does the same for those that were missed."""
    if claim.run_id is None:
        dataset(claim.dataset_id)
    else:
        with transaction() as session:
            ready = claim.run_id in evaluations.unsettled(session)
        if ready:
            evaluation.settle(claim.run_id)
    follow(claim.dataset_id)


def dataset(id: str) -> None:
    """End a dataset whose shards have all ended."""
    with transaction() as session:
        datasets.advance(session, id)


def follow(dataset_id: str) -> None:
    """Bring the dataset's distillation, if it has one, up to where dataset and run stand."""
    with transaction() as session:
        waiting = distillations.of_dataset(session, dataset_id)
        if waiting is not None:
            distillations.follow(session, waiting)


def everything() -> None:
    """The same for whatever a vanished worker left behind."""
    with transaction() as session:
        unfinished, unsettled = datasets.unfinished(session), evaluations.unsettled(session)
        open_ones = distillations.open_ones(session)
    for id in unfinished:
        dataset(id)
    for run_id in unsettled:
        evaluation.settle(run_id)
    for id in open_ones:
        with transaction() as session:
            distillations.follow(session, id)
