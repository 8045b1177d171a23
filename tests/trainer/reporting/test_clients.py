"""Each place by its real client, in the process it runs in, read back: all that was told is there, each step once."""

import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from tensorboard.plugins.hparams.plugin_data_pb2 import HParamsPluginData

from core.configs.reporting import ReporterName
from tests.trainer.reporting import readers
from trainer.reporting.channel import Channel, open_channel
from trainer.reporting.places import PLACES
from trainer.reporting.reporter import Ending, Opening, Row

RUN = "run_01told"
CONFIG = {"method.type": "rdpo", "method.rdpo.beta": 0.1, "training.epochs": 2, "student": "tiny", "metadata": "{}"}
DEADLINE = 120.0


def begun(name: ReporterName, *, step: int = 0) -> Channel:
    """A place that is told of the run, whose steps up to one count."""
    facts = {"parameters": 1000, "device": "cpu"}
    return open_channel(PLACES[name], Opening(RUN, step, CONFIG, facts, "https://burnish.example.org/dashboard/runs/x"))


def tell(channel: Channel, steps: Sequence[int], *, value: float) -> None:
    """Steps with a loss of their own."""
    for step in steps:
        channel.put(Row(step, time.time(), {"train/loss": value + step, "train/accuracy": 0.5}))


def ended(channel: Channel, ending: Ending) -> list[str]:
    """What there is to tell of it."""
    channel.end(ending)
    channel.close(time.monotonic() + DEADLINE)
    assert channel.process is not None
    assert channel.process.returncode == 0, list(channel.news)
    return [message for _, message in channel.news]


def killed(channel: Channel) -> None:
    """Its process, once it has taken everything, as by the kernel when the trainer is killed."""
    until = time.monotonic() + DEADLINE
    while channel.taken < channel.rows:
        assert time.monotonic() < until, list(channel.news)
        time.sleep(0.02)
    assert channel.process is not None
    channel.process.kill()
    channel.end("left")
    channel.close(time.monotonic() + DEADLINE)
    assert channel.process.returncode == -9


SERIES: dict[ReporterName, Callable[[], readers.Series]] = {
    "tensorboard": lambda: readers.tensorboard_series(RUN),
    "wandb": lambda: readers.wandb_series(RUN),
    "mlflow": readers.mlflow_series,
}


def assert_goes_on(name: ReporterName) -> None:
    """A second attempt from step 3 on, below what the first had told: 5."""
    again = begun(name, step=3)
    tell(again, range(4, 9), value=0.25)
    news = ended(again, "succeeded")
    assert [message.split(":")[0] for message in news] == [f"Reported to {PLACES[name].title}"]
    assert SERIES[name]() == {
        "train/loss": [(step, 0.25 + step) for step in range(1, 9)],
        "train/accuracy": [(step, 0.5) for step in range(1, 9)],
    }


@pytest.mark.parametrize("name", ["tensorboard", "mlflow"])
def test_a_run_that_was_killed_goes_on_as_the_same_run_with_no_step_twice(name: ReporterName, store: None) -> None:
    first = begun(name)
    tell(first, range(1, 6), value=0.25)
    killed(first)
    assert_goes_on(name)


def test_an_offline_run_that_was_left_goes_on_under_its_id_with_no_step_twice(places: Path) -> None:
    """What W&B's client had not written down yet when it is killed is gone: only an attempt that ends is whole."""
    first = begun("wandb")
    tell(first, range(1, 6), value=0.25)
    ended(first, "left")
    assert_goes_on("wandb")


def test_tensorboard_holds_the_hyperparameters_and_the_link(places: Path) -> None:
    channel = begun("tensorboard")
    tell(channel, [1], value=1.0)
    ended(channel, "succeeded")
    found = readers.tensorboard(RUN)
    [text] = found.Tensors("run")
    [words] = text.tensor_proto.string_val
    assert b"https://burnish.example.org/dashboard/runs/x" in words
    assert b'"method.rdpo.beta": 0.1' in words
    content = found.PluginTagToContent("hparams")["_hparams_/session_start_info"]
    started = HParamsPluginData.FromString(content).session_start_info
    assert started.hparams["method.rdpo.beta"].number_value == 0.1
    assert started.group_name == RUN


def test_wandb_holds_the_hyperparameters_and_nothing_of_the_machine(places: Path) -> None:
    channel = begun("wandb")
    tell(channel, [1], value=1.0)
    ended(channel, "succeeded")
    config = readers.wandb_config(RUN)
    assert config.items() >= CONFIG.items()
    assert config["facts.parameters"] == 1000
    records = readers.wandb_records(RUN)
    assert {record.run.host for record in records if record.WhichOneof("record_type") == "run"} == {"burnish"}
    assert not {"stats", "environment"} & {record.WhichOneof("record_type") for record in records}
    assert not [file for file in places.rglob("files/*") if file.name != "config.yaml"]


def test_mlflow_holds_hyperparameters_link_and_ending(store: None) -> None:
    channel = begun("mlflow")
    tell(channel, [1], value=1.0)
    ended(channel, "failed")
    _, [run] = readers.mlflow()
    assert run.data.params == {name: str(value) for name, value in CONFIG.items()}
    assert (run.info.run_name, run.info.status) == (RUN, "FAILED")
    assert run.data.tags["mlflow.note.content"] == f"[{RUN}](https://burnish.example.org/dashboard/runs/x)"
    assert run.data.tags["burnish.parameters"] == "1000"
