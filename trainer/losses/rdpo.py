"""Refined DPO: DPO whose loss also takes the two scores."""

from collections.abc import Callable

from torch import Tensor, sigmoid, where
from torch.nn.functional import logsigmoid

from trainer.pair_tensors import PairTensors


def rdpo(pairs: PairTensors, *, beta: float, tau: float, form: str = "soft") -> Tensor:
    """The scores say how sure the preference is, so a doubtful pair pulls less and a mislabelled one pulls back.

    z = beta * h, d = (s_w - s_l) / tau, sg = sigmoid.  (arXiv 2402.08005; the forms are our reading of it)
      soft     p = sg(d);  L = -p log sg(z) - (1 - p) log sg(-z);  least at z = d; unchanged by a swap of the pair
      offset   L = -log sg(z - d)
      weight   L = max(0, d) * (-log sg(z))
      filter   L = -log sg(z) where s_w > s_l, else 0 (the step's mean still counts such a pair)
      relabel  L = -log sg(z) where s_w >= s_l, else -log sg(-z)

    pairs: log-probs and scores, [B], float32. beta: 1/nats, above zero. tau: the scorer's unit, above zero.
    Returns the losses, [B], unreduced; NaN where a score is missing, so such pairs are left out beforehand.
    """
    return FORMS[form](beta * pairs.log_ratio, (pairs.score_chosen - pairs.score_rejected) / tau)


def _soft(z: Tensor, d: Tensor) -> Tensor:
    # sg(-d) rather than 1 - sg(d): then a swap exchanges the two terms bit for bit.
    return -(sigmoid(d) * logsigmoid(z) + sigmoid(-d) * logsigmoid(-z))


def _offset(z: Tensor, d: Tensor) -> Tensor:
    return -logsigmoid(z - d)


def _weight(z: Tensor, d: Tensor) -> Tensor:
    return d.clamp(min=0) * -logsigmoid(z)


def _filter(z: Tensor, d: Tensor) -> Tensor:
    return -logsigmoid(z) * (d > 0)


def _relabel(z: Tensor, d: Tensor) -> Tensor:
    return -logsigmoid(where(d < 0, -z, z))


FORMS: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "soft": _soft,
    "offset": _offset,
    "weight": _weight,
    "filter": _filter,
    "relabel": _relabel,
}
