"""A checkpoint's tensors on the disk: safetensors, from one process two files, from several one each of its own parts.

Either is read by any number of processes: a reader takes what falls to it out of all files (torch's distributed
checkpoints, in their form without pickle).
"""

import errno
import warnings
from collections.abc import Mapping
from pathlib import Path

import torch.distributed as dist
from safetensors import SafetensorError
from safetensors.torch import save_file
from torch import Tensor
from torch.distributed.checkpoint.api import CheckpointException
from torch.distributed.checkpoint.hf_storage import HuggingFaceStorageReader, HuggingFaceStorageWriter
from torch.distributed.checkpoint.state_dict_loader import load
from torch.distributed.checkpoint.state_dict_saver import save

from core.artifacts import NO_ROOM

WEIGHTS, OPTIMIZER = "weights.safetensors", "optimizer.safetensors"
Tensors = Mapping[str, Tensor]
ALONE = "torch.distributed is disabled"  # how torch begins to tell one process that it is one


def write_whole(into: Path, weights: Tensors, moments: Tensors) -> None:
    """One process writes all there is. Raises OSError."""
    write_tensors(into / WEIGHTS, weights)
    write_tensors(into / OPTIMIZER, moments)


def write_parts(into: Path, weights: Tensors, moments: Tensors) -> None:
    """Every process writes its parts of the tensors, and flushes them. All raise OSError if one of them cannot."""
    dist.barrier()  # not before rank 0 has made the folder: the writer of each process would make it too
    writer = HuggingFaceStorageWriter(str(into), save_distributed=True)
    try:
        save({**weights, **moments}, storage_writer=writer)
    except CheckpointException as error:
        raise _plain(error) from error


def read(folder: Path, tensors: Tensors) -> None:
    """Fill the tensors, or this process's parts of them, with what was written under their names."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=ALONE)  # one process may read what several wrote
        load(dict(tensors), storage_reader=HuggingFaceStorageReader(str(folder)))


def write_tensors(file: Path, tensors: Tensors) -> None:
    """Write tensors as safetensors. Raises OSError as any other write does."""
    try:
        save_file({name: tensor.cpu().contiguous() for name, tensor in tensors.items()}, file)
    except SafetensorError as error:
        if "os error 28" in str(error) or "No space left" in str(error):
            raise OSError(errno.ENOSPC, str(error)) from error
        raise


def _plain(error: CheckpointException) -> OSError:
    """What kept a process from writing: a full disk before anything else."""
    met = [failure for failure, _ in error.failures.values()]
    full = [one for one in met if isinstance(one, OSError) and one.errno in NO_ROOM]
    return full[0] if full else OSError(errno.EIO, f"A process could not write its part: {met[0]!r}")
