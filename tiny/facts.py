"""What is true in the miniature world: small relations of the form "the capital of France is Paris"."""

from dataclasses import dataclass

_NUMBERS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")

_TABLE: dict[str, dict[str, str]] = {
    "capital": {
        "France": "Paris", "Italy": "Rome", "Spain": "Madrid", "Germany": "Berlin", "Japan": "Tokyo",
        "China": "Beijing", "Egypt": "Cairo", "Kenya": "Nairobi", "Peru": "Lima", "Cuba": "Havana",
        "Norway": "Oslo", "Sweden": "Stockholm", "Finland": "Helsinki", "Poland": "Warsaw", "Austria": "Vienna",
        "Greece": "Athens", "Portugal": "Lisbon", "Russia": "Moscow", "Turkey": "Ankara", "Ireland": "Dublin",
    },
    "colour": {
        "grass": "green", "snow": "white", "coal": "black", "blood": "red", "the sky": "blue", "the sun": "yellow",
        "chocolate": "brown", "a carrot": "orange", "a plum": "purple", "a pig": "pink", "a lemon": "yellow",
        "a frog": "green", "milk": "white", "the sea": "blue", "an elephant": "grey",
    },
    "sum": {f"{_NUMBERS[a]} and {_NUMBERS[b]}": _NUMBERS[a + b] for a in range(1, 6) for b in range(a, 6)},
    "home": {
        "a bee": "a hive", "a bird": "a nest", "a spider": "a web", "a bear": "a den", "a horse": "a stable",
        "a dog": "a kennel", "a fox": "a burrow", "a pig": "a sty", "an ant": "an anthill", "a fish": "a pond",
    },
    "young": {
        "a cow": "a calf", "a dog": "a puppy", "a cat": "a kitten", "a sheep": "a lamb", "a horse": "a foal",
        "a bear": "a cub", "a duck": "a duckling", "a deer": "a fawn", "a frog": "a tadpole", "a goose": "a gosling",
    },
    "opposite": {
        "hot": "cold", "big": "small", "fast": "slow", "wet": "dry", "hard": "soft", "dark": "light", "old": "new",
        "rich": "poor", "loud": "quiet", "full": "empty", "happy": "sad", "high": "low",
    },
}  # fmt: skip


@dataclass(frozen=True)
class Fact:
    """One true sentence: the `relation` of `key` is `value`."""

    relation: str
    key: str
    value: str

    @property
    def name(self) -> str:
        """A stable name for tags and for the split."""
        return f"{self.relation}/{self.key}"

    @property
    def subject(self) -> str:
        """The noun phrase a question asks about."""
        return f"the {self.relation} of {self.key}"

    def clause(self, value: str | None = None) -> str:
        """The fact, or a claim about it, as it stands inside a sentence."""
        return f"{self.subject} is {value or self.value}"

    def sentence(self, value: str | None = None) -> str:
        """The same at the start of a sentence, without its full stop."""
        clause = self.clause(value)
        return clause[0].upper() + clause[1:]


FACTS = tuple(Fact(relation, key, value) for relation, rows in _TABLE.items() for key, value in rows.items())

_VALUES = {relation: tuple(dict.fromkeys(rows.values())) for relation, rows in _TABLE.items()}


def wrong_values(fact: Fact) -> tuple[str, ...]:
    """Every value of the same relation that is false of this fact."""
    return tuple(value for value in _VALUES[fact.relation] if value != fact.value)
