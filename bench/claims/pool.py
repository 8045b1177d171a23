"""Cells in processes side by side, each on one core; how far it has come is told on stderr."""

import multiprocessing
import sys
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor, as_completed
from typing import TypeVar

import torch
from transformers.utils import logging

from trainer.tie import die_with_parent

Task = TypeVar("Task")
Found = TypeVar("Found")


def side_by_side(
    work: Callable[[Task], Found], tasks: Iterable[Task], *, processes: int, ended: Callable[[Task, Found], str]
) -> None:
    """Do all tasks, in their order as far as processes are free; `ended` keeps what one found, and names it."""
    waiting, begun = list(tasks), time.monotonic()
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, context, ready) as pool:
        under_way = {pool.submit(work, task): task for task in waiting}
        try:
            for number, future in enumerate(as_completed(under_way), 1):
                name = ended(under_way[future], future.result())
                left = (time.monotonic() - begun) / number * (len(waiting) - number)
                print(f"{number} of {len(waiting)}, {_minutes(left)} left: {name}", file=sys.stderr, flush=True)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def ready() -> None:
    """Of a process, before its first task."""
    die_with_parent()
    on_one_core()


def on_one_core() -> None:
    """Small models are only slowed down by more."""
    torch.set_num_threads(1)
    logging.disable_progress_bar()


def _minutes(seconds: float) -> str:
    return f"{seconds / 60:.0f} min" if seconds >= 90 else f"{seconds:.0f} s"
