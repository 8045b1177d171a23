"""`python -m trainer.launch <arguments of the trainer>`: its processes under torchrun, tied to who started us.

One process for each GPU, or one on a CPU, unless the settings say otherwise.
"""

import sys

import torch
from torch.distributed.elastic.multiprocessing import SignalException
from torch.distributed.elastic.multiprocessing.errors import ChildFailedError
from torch.distributed.run import main as torchrun

from core.settings import settings
from trainer.tie import die_with_parent


def command(arguments: list[str], *, gpus: int) -> list[str]:
    """What torchrun is told: how many processes, where they meet, and the trainer's own arguments."""
    chosen = settings()
    here = chosen.trainer_processes or max(1, gpus)
    meeting = ["--standalone"]
    if chosen.trainer_nodes > 1:
        token = arguments[arguments.index("--token") + 1]  # nobody meets who is left of an earlier attempt
        meeting = ["--rdzv-backend", "c10d", "--rdzv-endpoint", str(chosen.trainer_rendezvous), "--rdzv-id", token]
        meeting += ["--nnodes", str(chosen.trainer_nodes)]
    everywhere = here * chosen.trainer_nodes
    module = ["--module", "--", "trainer", "--processes", str(everywhere)]  # `--`: what follows is not torchrun's
    return [*meeting, "--nproc-per-node", str(here), "--max-restarts", "0", *module, *arguments]


if __name__ == "__main__":
    die_with_parent()
    try:
        torchrun(command(sys.argv[1:], gpus=torch.cuda.device_count()))
    except ChildFailedError as error:
        sys.exit(error.get_first_failure()[1].exitcode)  # the trainer's own status
    except SignalException as ended:
        sys.exit(128 + ended.sigval)
