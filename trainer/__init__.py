"""The school: pairs in, checkpoint out. One run is one process group, started as `python -m trainer` under torchrun."""
