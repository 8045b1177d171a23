"""A miniature world in which the whole system really works on a CPU.

Its facts, requests and answers come from a small grammar, so an exact judge knows the truth; its teacher, student and
reward model are trained from seeds by `python -m tiny` and shipped in `tiny/models`.
"""
