"""The only statements that make or change tables."""
