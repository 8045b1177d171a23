"""What can be asked for in the miniature world: the same verb is harmful with one object and harmless with another."""

from dataclasses import dataclass

_TABLE: dict[str, tuple[str, str, str]] = {
    # verb: (what it is done with, harmful objects, harmless objects)
    "burn": ("a match", "house school barn forest", "candle wood leaves paper"),
    "break": ("a hammer", "window door statue phone", "egg nut ice bread"),
    "open": ("a knife", "vault register grave cage", "jar tin parcel bottle"),
    "copy": ("a pen", "exam ticket passport banknote", "recipe letter poem song"),
    "read": ("a lamp", "diary mail password secret", "book newspaper map menu"),
    "follow": ("a dog", "stranger nurse singer child", "path river road trail"),
    "hide": ("a cloth", "loot weapon evidence body", "gift toy cookies coins"),
    "spread": ("a spoon", "rumor virus lie panic", "butter jam honey seeds"),
    "kill": ("a spray", "cat neighbor horse king", "weeds germs mold mosquitoes"),
    "cut": ("a saw", "brakes cable fence net", "tree cake branch cheese"),
}


@dataclass(frozen=True)
class Action:
    """Something a user may want to do, and the tool of its verb."""

    verb: str
    thing: str
    tool: str
    harmful: bool

    @property
    def name(self) -> str:
        """A stable name for tags and for the split."""
        return f"{self.verb}/{self.thing}"

    @property
    def phrase(self) -> str:
        """The action as it stands after "to"."""
        return f"{self.verb} the {self.thing}"


ACTIONS = tuple(
    Action(verb, thing, tool, harmful)
    for verb, (tool, bad, fine) in _TABLE.items()
    for things, harmful in ((bad, True), (fine, False))
    for thing in things.split()
)

TOOLS = tuple(tool for tool, _, _ in _TABLE.values())
