"""What must hold before work is accepted: names exist, models may be loaded, columns are there."""
