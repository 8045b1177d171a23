"""Strategies: which turns a chain has. Each is a pure function of what was asked.

`workers/chain.py` plays it, `core/provenance.py` tells it again.
"""
