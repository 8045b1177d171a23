"""distilabel's side: draft, critique, revision as three of its tasks. Runs in an environment of its own.

Reads one JSON line a pipeline from standard input, `{"name", "folder", "base_url", "model", "batch", "sampling",
"instructions", "prompts"}`, and answers each with one when it ended: `{"pairs": [[draft, critique, revision], ...]}`
in the order of the prompts, `null` for a pair that is not there, with the number of those that came twice. The imports
happen once; every pipeline is new.
"""

import json
import os
import sys
from typing import Any

from distilabel.models import OpenAILLM
from distilabel.pipeline import Pipeline
from distilabel.steps import LoadDataFromDicts
from distilabel.steps.tasks import Task


class Turn(Task):  # type: ignore[misc]  # the environment of the checks has no distilabel
    """One turn of the chat: the prompt, what was said before, and what is asked now."""

    said: tuple[str, ...] = ()
    asked: tuple[str, ...] = ()
    writes: str

    @property
    def inputs(self) -> list[str]:
        """The prompt and the turns before this one."""
        return ["prompt", *self.said]

    @property
    def outputs(self) -> list[str]:
        """This turn."""
        return [self.writes, "model_name"]

    def format_input(self, input: dict[str, Any]) -> list[dict[str, str]]:
        """The chat so far."""
        chat = [{"role": "user", "content": input["prompt"]}]
        for column, instruction in zip(self.said, self.asked, strict=True):
            chat += [{"role": "assistant", "content": input[column]}, {"role": "user", "content": instruction}]
        return chat

    def format_output(self, output: str | None, input: dict[str, Any] | None = None) -> dict[str, Any]:
        """The answer as it is."""
        return {self.writes: output}


def pipeline(asked: dict[str, Any]) -> Pipeline:
    """Three steps, each its own process, each with the batch that was asked for."""

    def turn(name: str, *said: str) -> Turn:
        sampling = {name: asked["sampling"][name] for name in ("temperature", "top_p", "max_new_tokens")}
        llm = OpenAILLM(
            model=asked["model"], base_url=asked["base_url"], api_key="none", timeout=600, generation_kwargs=sampling
        )
        return Turn(
            name=name,
            llm=llm,
            writes=name,
            said=said,
            asked=tuple(asked["instructions"][: len(said)]),
            input_batch_size=asked["batch"],
            add_raw_input=False,  # it would store every chat once more
            add_raw_output=False,
        )

    rows = [{"number": number, "prompt": prompt} for number, prompt in enumerate(asked["prompts"])]
    with Pipeline(name=asked["name"], cache_dir=asked["folder"]) as made:
        load = LoadDataFromDicts(name="prompts", data=rows, batch_size=asked["batch"])
        _ = load >> turn("draft") >> turn("critique", "draft") >> turn("revision", "draft", "critique")
    return made


def main() -> None:
    """Serve until the input ends."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what the pipeline prints is log
    for line in sys.stdin:
        asked = json.loads(line)
        made = pipeline(asked).run()["default"]["train"]
        pairs: list[Any] = [None] * len(asked["prompts"])
        doubled = 0
        for row in made:
            doubled += pairs[row["number"]] is not None
            pairs[row["number"]] = [row["draft"], row["critique"], row["revision"]]
        print(json.dumps({"pairs": pairs, "doubled": doubled}), file=answers, flush=True)


if __name__ == "__main__":
    main()
