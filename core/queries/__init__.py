"""Every SQL statement there is, one file a noun (the names of `core.tables`). Nothing here commits."""
