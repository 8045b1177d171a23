"""Engines run in child processes: one engine, one process group, and nothing of it outlives the worker."""
