"""The part of a model that reads and writes text: what is trained, and takes adapters, where it has eyes as well."""

from collections.abc import Iterable, Sequence

from torch import nn
from transformers import PreTrainedModel
from transformers.pytorch_utils import Conv1D

from core.errors import BadInput
from trainer.logps import backbone

LINEAR = (nn.Linear, Conv1D)


def text_model(model: PreTrainedModel) -> nn.Module:
    """The decoder of text, without the output layer; of most models all there is."""
    whole = backbone(model)
    found: nn.Module = whole.get_decoder() if isinstance(whole, PreTrainedModel) else whole
    return found


def freeze_the_rest(model: PreTrainedModel) -> None:
    """Take from what is trained the weights that no text goes through: they would never get a gradient."""
    kept = {id(parameter) for parameter in text_model(model).parameters()}
    for parameter in backbone(model).parameters():
        if id(parameter) not in kept:
            parameter.requires_grad_(False)


def blocks(model: PreTrainedModel, part: nn.Module | None = None) -> list[nn.Module]:
    """The layers of a model or of a part of it, as its architecture names what is not to be split."""
    names = set(model._no_split_modules or ())
    classes = ((module, type(module).__mro__) for module in (part or model).modules())
    return [module for module, kinds in classes if not names.isdisjoint(kind.__name__ for kind in kinds)]


def adapted(model: PreTrainedModel, asked: Sequence[str]) -> list[str]:
    """Full names of the modules that take adapters: all linear layers of the text model's blocks, or those asked for.

    Raises BadInput for a name that no module of the text model, output layer included, ends in.
    """
    text = text_model(model)
    if not asked:
        inside = _within(blocks(model, text) or [text])
        return [name for name, one in model.named_modules() if id(one) in inside and isinstance(one, LINEAR)]
    inside = _within([text, model.get_output_embeddings()])
    named = [name for name, one in model.named_modules() if id(one) in inside]
    found = {target: [name for name in named if f".{name}".endswith(f".{target}")] for target in asked}
    if lacking := [target for target in asked if not found[target]]:
        raise BadInput(
            f"LoRA cannot be applied: the student has no module {', '.join(map(repr, lacking))}. Leave targets out, or "
            f"name modules such as {', '.join(sorted({name.split('.')[-1] for name in adapted(model, ())}))}.",
            param="training.lora.targets",
        )
    return sorted({name for names in found.values() for name in names})


def _within(parts: Iterable[nn.Module]) -> set[int]:
    return {id(module) for part in parts for module in part.modules()}
