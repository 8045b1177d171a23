"""Names of the rules that score answers; the functions stand in `workers/rewards/rules/`."""

RULES = ("expected", "refusal", "helpful", "length")
