"""The two engines behind one seam, on the miniature's teacher: real vLLM where it is installed, and transformers."""

import asyncio
import json
import os
import re
import signal
from collections.abc import Iterator, Mapping, Sequence
from importlib.util import find_spec
from itertools import pairwise

import pytest
import yaml

from core.configs.behavior import BehaviorSpec
from core.configs.sampling import Sampling
from core.configs.teacher import EngineName, ModelConfig
from core.errors import BadInput, EngineDied
from core.models import fingerprint
from core.settings import ROOT
from tests.absence import may_skip
from tests.factories.processes import group
from workers.teachers import choose_engine, load_teacher
from workers.teachers.served import ServedTeacher
from workers.teachers.teacher import Shape, Turn

Chat = Sequence[Mapping[str, str]]
FOLDER = ROOT / "tiny" / "models" / "tiny-teacher"
RECIPE = BehaviorSpec.model_validate(yaml.safe_load((ROOT / "tiny/behaviors/tiny-safety.yaml").read_text()))
CONTEXT = json.loads((FOLDER / "config.json").read_text())["max_position_embeddings"]
SPECIAL = range(6)  # padding, unknown, end of turn, and the heads of the three roles
BLOCK = 32
# A system prompt of more than one block, so that the first turn fills blocks that the later ones share.
CHATS = [prompt.chat(" ".join([RECIPE.principle] * 4)) for prompt in RECIPE.prompts[:8]]
INSTRUCTIONS = (RECIPE.critique_instruction, RECIPE.revision_instruction)
GREEDY = Sampling(temperature=0, max_tokens=48)
WARM = Sampling(temperature=1.0, max_tokens=48)
vllm = pytest.mark.skipif(find_spec("vllm") is None and may_skip(), reason="vLLM is not installed here")


@pytest.fixture(scope="module")
def in_vllm() -> Iterator[ServedTeacher]:
    yield from served("vllm")


@pytest.fixture(scope="module")
def in_transformers() -> Iterator[ServedTeacher]:
    yield from served("transformers")


@pytest.fixture(params=[pytest.param("in_vllm", marks=vllm), "in_transformers"])
def teacher(request: pytest.FixtureRequest) -> ServedTeacher:
    found: ServedTeacher = request.getfixturevalue(request.param)
    return found


def served(engine: EngineName) -> Iterator[ServedTeacher]:
    teacher = asyncio.run(load_teacher(ModelConfig(engine=engine, model="tiny-teacher")))
    assert isinstance(teacher, ServedTeacher)
    yield teacher
    asyncio.run(teacher.close())


async def chain(teacher: ServedTeacher, chat: Chat, sampling: Sampling, seed: int = 0) -> list[Turn]:
    conversation, turns = teacher.open(chat), list[Turn]()
    for number, instruction in enumerate((*INSTRUCTIONS, None)):
        turns.append(await teacher.answer(conversation, sampling=sampling, seed=seed + number))
        if instruction is not None:
            conversation = teacher.follow(conversation, turns[-1], instruction)
    return turns


def chains(teacher: ServedTeacher, sampling: Sampling, seed: int = 0) -> list[list[Turn]]:
    async def gather() -> list[list[Turn]]:
        return await asyncio.gather(*(chain(teacher, chat, sampling, seed) for chat in CHATS))

    return asyncio.run(gather())


def ids(chains: Sequence[Sequence[Turn]]) -> list[list[tuple[int, ...]]]:
    return [[turn.token_ids for turn in turns] for turns in chains]


def test_a_teacher_states_what_it_is(teacher: ServedTeacher) -> None:
    assert teacher.engine in {"vllm", "transformers"}
    assert teacher.model == "tiny-teacher"
    assert teacher.fingerprint == fingerprint(FOLDER)
    assert len(teacher.template_hash) == 64


@vllm
def test_later_turns_are_served_from_the_prefix_cache(in_vllm: ServedTeacher) -> None:
    for turns in chains(in_vllm, WARM, seed=100):
        for earlier, later in pairwise(turns):
            shared = earlier.prompt_tokens // BLOCK * BLOCK
            assert 0 < shared <= later.cached_tokens < later.prompt_tokens


@vllm
def test_more_prompts_at_once_than_one_step_reads_are_all_answered(in_vllm: ServedTeacher) -> None:
    sampling = Sampling(temperature=1.0, max_tokens=4)

    async def everybody() -> list[Turn]:
        chats = [in_vllm.open(prompt.chat(" ".join([prompt.text] * 6))) for prompt in RECIPE.prompts[:64]]
        asked = [in_vllm.answer(chat, sampling=sampling, seed=number) for number, chat in enumerate(chats)]
        return await asyncio.gather(*asked)

    turns = asyncio.run(everybody())
    assert sum(turn.prompt_tokens for turn in turns) > 2 * CONTEXT
    assert all(turn.tokens for turn in turns)


@vllm
def test_transformers_gives_the_same_greedy_tokens_as_vllm(
    in_vllm: ServedTeacher, in_transformers: ServedTeacher
) -> None:
    one, other = chains(in_vllm, GREEDY), chains(in_transformers, GREEDY)
    assert ids(one) == ids(other)
    assert [[turn.finish for turn in turns] for turns in one] == [[turn.finish for turn in turns] for turns in other]


def test_a_seed_gives_the_same_answer_alone_and_among_others(teacher: ServedTeacher) -> None:
    crowd = ids(chains(teacher, WARM, seed=7))
    alone = asyncio.run(chain(teacher, CHATS[5], WARM, 7))
    assert ids([alone]) == crowd[5:6]
    assert ids(chains(teacher, WARM, seed=8)) != crowd


def test_answers_hold_no_special_token_and_say_how_they_ended(teacher: ServedTeacher) -> None:
    wild, short = Sampling(temperature=2.0, max_tokens=48), Sampling(max_tokens=2)
    turns = [turn for turns in chains(teacher, wild, seed=3) for turn in turns]
    assert not any({*turn.token_ids} & {*SPECIAL} for turn in turns)
    assert all(len(turn.token_ids) == 48 for turn in turns if turn.finish == "length")
    assert all(len(turn.token_ids) < 48 for turn in turns if turn.finish == "stop")
    assert "stop" in {turn.finish for turn in turns}
    assert all(turn.text and turn.text == turn.text.strip() for turn in turns)
    cut = [turn for turns in chains(teacher, short) for turn in turns]
    assert {(turn.finish, len(turn.token_ids)) for turn in cut} == {("length", 2)}


def test_an_answer_ends_before_a_stop_string(teacher: ServedTeacher) -> None:
    conversation = teacher.open(CHATS[0])
    whole = asyncio.run(teacher.answer(conversation, sampling=GREEDY, seed=0))
    word = next(word for word in re.findall("[a-zA-Z]{3,}", whole.text) if not whole.text.startswith(word))
    cut = asyncio.run(teacher.answer(conversation, sampling=GREEDY.model_copy(update={"stop": (word,)}), seed=0))
    assert cut.finish == "stop"
    assert cut.text == whole.text[: whole.text.index(word)].rstrip()
    assert cut.token_ids == whole.token_ids[: len(cut.token_ids)]


def test_a_conversation_that_leaves_no_room_is_refused_and_none_is_cut(teacher: ServedTeacher) -> None:
    conversation = teacher.open([{"role": "user", "content": "I know " * 150}])
    room = CONTEXT - len(conversation.token_ids)
    fitting = Sampling(temperature=0, max_tokens=room)
    assert asyncio.run(teacher.answer(conversation, sampling=fitting, seed=0)).prompt_tokens == CONTEXT - room
    too_much = Sampling(temperature=0, max_tokens=room + 1)
    with pytest.raises(BadInput, match=rf"leaves no room for .* takes {CONTEXT} in all"):
        asyncio.run(teacher.answer(conversation, sampling=too_much, seed=0))


@vllm
def test_a_shape_that_no_token_can_write_ends_the_answer_and_not_the_engine(in_vllm: ServedTeacher) -> None:
    conversation, shape = in_vllm.open(CHATS[0]), Shape(regex=r"\{\}")  # the miniature has no word for it
    turn = asyncio.run(in_vllm.answer(conversation, sampling=WARM, seed=0, shape=shape))
    assert (turn.text, turn.finish) == ("", "error")
    shape = Shape(regex="You can [a-z]+ the [a-z]+\\.")
    turn = asyncio.run(in_vllm.answer(conversation, sampling=WARM, seed=0, shape=shape))
    assert re.fullmatch(shape.regex or "", turn.text)
    assert turn.finish == "stop"


def test_auto_is_vllm_where_it_is_installed() -> None:
    assert choose_engine("auto") == ("vllm" if find_spec("vllm") else "transformers")
    assert choose_engine("transformers") == "transformers"
    with pytest.raises(BadInput, match="is not installed on this worker"):
        choose_engine("abacus")


@vllm
def test_a_killed_core_of_vllm_ends_the_engine(in_vllm: ServedTeacher) -> None:
    """The last test here with this engine: it dies in it."""
    [core] = [process for process in group(in_vllm.pid) if "EngineCore" in " ".join(process.cmdline())]
    conversation = in_vllm.open(CHATS[0])

    async def kill_while_answering() -> None:
        os.kill(core.pid, signal.SIGSTOP)
        answers = [asyncio.create_task(in_vllm.answer(conversation, sampling=WARM, seed=seed)) for seed in range(5)]
        await asyncio.sleep(0)
        os.kill(core.pid, signal.SIGKILL)
        for ended in await asyncio.gather(*answers, return_exceptions=True):
            assert isinstance(ended, EngineDied)

    asyncio.run(kill_while_answering())
    assert not core.is_running() or core.status() == "zombie"
    assert not group(in_vllm.pid)
