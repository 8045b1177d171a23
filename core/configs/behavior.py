"""A behavior: principle, instructions, rubric, prompts. The same form in YAML files and in POST /behaviors."""

from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from core.configs.config import Config

BehaviorName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]
Instruction = Annotated[str, StringConstraints(min_length=1, max_length=20_000, strip_whitespace=True)]
Text = Annotated[str, StringConstraints(min_length=1, max_length=100_000)]


class Message(Config):
    """One turn of a chat."""

    role: Literal["system", "user", "assistant"]
    content: Text


class Expectation(Config):
    """What the rule `expected` looks for: whole-word phrases, letter case and runs of white space aside."""

    all_of: tuple[Text, ...] = ()
    any_of: tuple[Text, ...] = ()
    none_of: tuple[Text, ...] = ()


class PromptSpec(Config):
    """One prompt: `text`, or `messages` that end with the user's turn."""

    text: Text | None = None
    messages: tuple[Message, ...] | None = Field(None, min_length=1, max_length=200)
    guard: bool = Field(False, description="a harmless lookalike: the right thing is to help, or to agree")
    tags: dict[str, str] = Field(default_factory=dict, max_length=32)
    expect: Expectation | None = None

    @model_validator(mode="after")
    def _one_form(self) -> Self:
        if (self.text is None) == (self.messages is None):
            raise ValueError("give either text or messages, not both and not neither")
        if self.messages is not None and self.messages[-1].role != "user":
            raise ValueError("the last message must be the user's")
        return self

    def chat(self, system: str | None) -> list[dict[str, str]]:
        """The messages the teacher sees first, headed by the behavior's system prompt when the prompt brings none."""
        turns = [m.model_dump() for m in self.messages or (Message(role="user", content=self.text or ""),)]
        if system and turns[0]["role"] != "system":
            turns.insert(0, {"role": "system", "content": system})
        return turns


class Rubric(Config):
    """How an LLM judge scores one answer."""

    instruction: Instruction
    anchor: str = Field("Score:", min_length=1, max_length=100)
    minimum: float = 0.0
    maximum: float = 1.0

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.minimum >= self.maximum:
            raise ValueError("minimum must be below maximum")
        return self


class Wrapper(Config):
    """A template that a prompt's last user turn is put into: a persona, an attack, a format."""

    name: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_.-]{0,62}$")]
    template: Instruction = Field(description="text with {prompt} in the place of the user's words")
    system: Instruction | None = Field(None, description="a system prompt that comes with it, instead of the other")

    @model_validator(mode="after")
    def _holds_the_prompt(self) -> Self:
        if self.template.count("{prompt}") != 1:
            raise ValueError("template must hold {prompt} once")
        return self


class Wrappers(Config):
    """In-distribution templates wrap training prompts; out-of-distribution ones are seen in the evaluation alone."""

    training: tuple[Wrapper, ...] = Field(min_length=1, max_length=1_000)
    held_out: tuple[Wrapper, ...] = Field((), max_length=1_000)

    @model_validator(mode="after")
    def _apart(self) -> Self:
        names = [wrapper.name for wrapper in (*self.training, *self.held_out)]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise ValueError(f"wrapper {twice!r} is there twice; names differ, and no template stands in both sets")
        shared = {w.template for w in self.training} & {w.template for w in self.held_out}
        if shared:
            raise ValueError(f"template {min(shared)!r} stands in both sets; held-out templates are never trained on")
        return self


class BehaviorSpec(Config):
    """A behavior as its author writes it."""

    name: BehaviorName
    title: str = Field("", max_length=200)
    description: str = Field("", max_length=2_000)
    principle: Instruction
    system: Instruction | None = None
    critique_instruction: Instruction
    revision_instruction: Instruction
    rubric: Rubric | None = None
    rule: str | None = Field(None, description="named rule that judges answers exactly, such as `expected`")
    wrappers: Wrappers | None = Field(
        None, description="templates that prompts are wrapped in when a dataset asks for it"
    )
    prompts: tuple[PromptSpec, ...] = Field(min_length=1, max_length=100_000)
    evaluation_prompts: tuple[PromptSpec, ...] = Field((), max_length=10_000)

    @model_validator(mode="after")
    def _held_out(self) -> Self:
        seen = {str(prompt.chat(None)) for prompt in self.prompts}
        leaked = [i for i, prompt in enumerate(self.evaluation_prompts) if str(prompt.chat(None)) in seen]
        if leaked:
            raise ValueError(
                f"evaluation_prompts.{leaked[0]} is also a training prompt; evaluation prompts are held out"
            )
        return self
