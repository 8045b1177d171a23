"""Answers from a model, many conversations at a time."""

import torch
from transformers import LlamaForCausalLM, LlamaForSequenceClassification

from tiny.corpus import Encoder, Turns
from tiny.tokenizer import IDS, PAD
from tiny.training import pad

TEMPERATURE = 0.7
BATCH = 400


@torch.inference_mode()
def answers(
    model: LlamaForCausalLM, encoder: Encoder, chats: list[Turns], *, seed: int, temperature: float = TEMPERATURE
) -> list[str]:
    """One sampled answer for each conversation."""
    torch.manual_seed(seed)
    order = sorted(range(len(chats)), key=lambda index: len(encoder.example(chats[index]).ids))
    found: dict[int, str] = {}
    for start in range(0, len(order), BATCH):
        part = order[start : start + BATCH]
        prompts = [encoder.prompt(chats[index]) for index in part]
        longest = max(map(len, prompts))
        ids = torch.tensor([[IDS[PAD]] * (longest - len(prompt)) + prompt for prompt in prompts])
        shown = ids.ne(IDS[PAD]).long()
        output = model.generate(  # type: ignore[misc]  # the stub wants a protocol that the class does not declare
            input_ids=ids, attention_mask=shown, do_sample=True, temperature=temperature, top_k=0
        )
        for index, row in zip(part, output[:, longest:].tolist(), strict=True):
            found[index] = encoder.decode(row)
    return [found[index] for index in range(len(chats))]


@torch.inference_mode()
def scores(model: LlamaForSequenceClassification, encoder: Encoder, chats: list[Turns]) -> list[float]:
    """The raw logit of each conversation that ends with an answer."""
    found: list[float] = []
    for start in range(0, len(chats), BATCH):
        rows = [encoder.example(chat).ids for chat in chats[start : start + BATCH]]
        ids = pad(rows)
        hidden = model.model(input_ids=ids, use_cache=False).last_hidden_state
        last = torch.tensor([len(row) - 1 for row in rows])
        found += model.score(hidden[torch.arange(len(rows)), last]).squeeze(-1).tolist()
    return found
