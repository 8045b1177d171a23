"""A dry run: what a training would read, take and risk, found out by the very code that trains, without training."""
