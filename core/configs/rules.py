"""Names of the rules that score answers; the functions stand in `workers/rewards/rules/`."""

RULES = ("expected", "refusal", "helpful", "length")
ZERO_TO_ONE = ("expected", "refusal", "helpful")  # those whose scores lie on that scale
