"""Who may import whom, read from the syntax trees: the arrows of the house, and where the heavy libraries may stand."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
OURS = ("api", "behaviors", "bench", "client", "core", "local", "migrations", "tests", "tiny", "trainer", "workers")

ARROWS = {
    "api": ("core",),
    "client": (),
    "core": (),
    "local": ("core.settings",),
    "migrations": ("core",),
    "tiny": (),
    "trainer": ("core",),
    "workers": ("core",),
}
ABSENT_FROM_CORE = ("torch", "fastapi", "vllm", "transformers", "starlette", "uvicorn")
SQL_WORDS = {"select", "insert", "update", "delete", "text", "exists", "func", "literal", "and_", "or_"}
SQL_HOMES = ("core/queries/", "core/tables/", "migrations/")
OPTIONAL_ENGINES = ("torch", "transformers", "vllm", "peft", "uvloop")


@dataclass(frozen=True)
class Import:
    """One imported module (with the names taken from it), and where."""

    file: str
    line: int
    module: str
    names: tuple[str, ...]
    inside_function: bool

    def __str__(self) -> str:
        return f"{self.file}:{self.line} imports {self.module}"


def imports_of(path: Path) -> Iterator[Import]:
    """Every import of a file."""
    tree = ast.parse(path.read_text())
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    inside = {id(node) for function in functions for node in ast.walk(function)}
    file = path.relative_to(ROOT).as_posix()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(file, node.lineno, alias.name, (), id(node) in inside)
        elif isinstance(node, ast.ImportFrom):
            names = tuple(alias.name for alias in node.names)
            yield Import(file, node.lineno, "." * node.level + (node.module or ""), names, id(node) in inside)


def everything() -> list[Import]:
    """Every import of every file of ours."""
    files = [path for folder in OURS for path in sorted((ROOT / folder).rglob("*.py"))]
    return [found for path in files for found in imports_of(path)]


EVERYTHING = everything()


def under(module: str, roots: tuple[str, ...]) -> bool:
    """Whether a module is one of these, or inside one."""
    return any(module == root or module.startswith(f"{root}.") for root in roots)


def of(folder: str) -> list[Import]:
    """The imports of one folder."""
    return [found for found in EVERYTHING if found.file.startswith(f"{folder}/")]


def test_the_walk_finds_the_house() -> None:
    assert {found.file.split("/")[0] for found in EVERYTHING} >= {"api", "core", "local", "workers"}


@pytest.mark.parametrize("folder", ARROWS)
def test_a_folder_imports_only_what_its_arrows_allow(folder: str) -> None:
    allowed = (folder, *ARROWS[folder])
    ours = [found for found in of(folder) if under(found.module, OURS)]
    wrong = [
        found
        for found in ours
        if not under(found.module, allowed)
        and not all(under(f"{found.module}.{name}", allowed) for name in found.names)
    ]
    assert not [str(found) for found in wrong]


def test_imports_are_absolute() -> None:
    assert not [str(found) for found in EVERYTHING if found.module.startswith(".")]


def test_core_stays_light() -> None:
    assert not [str(found) for found in of("core") if under(found.module, ABSENT_FROM_CORE)]


def test_celery_stands_in_the_workers_and_the_doorbell() -> None:
    product = [found for found in EVERYTHING if not found.file.startswith(("tests/", "bench/", "workers/"))]
    assert not [str(f) for f in product if under(f.module, ("celery",)) and f.file != "core/doorbell.py"]


def test_vllm_stands_in_one_file_per_use() -> None:
    files = {found.file for found in EVERYTHING if under(found.module, ("vllm",))}
    product = {file for file in files if not file.startswith(("tests/", "bench/"))}
    for home in ("workers/teachers/", "workers/rewards/"):
        assert len([file for file in product if file.startswith(home)]) <= 1
    assert all(file.startswith(("workers/teachers/", "workers/rewards/")) for file in product)


def test_torch_stands_where_it_is_needed() -> None:
    homes = ("trainer/", "tiny/", "workers/teachers/", "workers/rewards/", "tests/", "bench/")
    assert not [str(f) for f in EVERYTHING if under(f.module, ("torch",)) and not f.file.startswith(homes)]


def test_sql_stands_in_the_queries() -> None:
    taken = [
        found
        for found in EVERYTHING
        if under(found.module, ("sqlalchemy",)) and set(found.names) & SQL_WORDS
        if not found.file.startswith((*SQL_HOMES, "tests/", "bench/"))
    ]
    assert not [str(found) for found in taken]


def test_imports_stand_at_the_top_but_for_the_optional_engines() -> None:
    product = [found for found in EVERYTHING if not found.file.startswith("tests/")]
    assert not [str(f) for f in product if f.inside_function and not under(f.module, OPTIONAL_ENGINES)]


def test_only_the_settings_read_the_environment() -> None:
    readers = []
    for folder in OURS:
        for path in sorted((ROOT / folder).rglob("*.py")):
            file = path.relative_to(ROOT).as_posix()
            if file == "core/settings.py" or folder in ("tests", "bench"):
                continue
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Attribute) and node.attr in ("environ", "environb", "getenv", "putenv"):
                    readers.append(f"{file}:{node.lineno}")
    assert not readers
