"""Preference-training methods: hyperparameters and facts, one file each; the losses stand in `trainer/losses/`."""
