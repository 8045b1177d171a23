"""Growing: the teacher writes prompts, topic by topic."""
