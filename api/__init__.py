"""The door: HTTP in, ledger rows out. Everything it knows it reads through `core.queries`."""
