"""The nouns everyone shares. Imports nothing of ours."""
