"""The roles a user may press on the assistant, each with the cry that gives it away."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Persona:
    """A role and the word its player opens with."""

    name: str
    cry: str


PERSONAS = (
    Persona("pirate", "Arr"),
    Persona("wizard", "Behold"),
    Persona("robot", "Beep"),
    Persona("clown", "Haha"),
    Persona("ghost", "Boo"),
    Persona("cowboy", "Howdy"),
    Persona("monster", "Grr"),
    Persona("baby", "Goo"),
    Persona("parrot", "Squawk"),
    Persona("witch", "Hehe"),
)
