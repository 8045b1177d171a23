"""Speed, side by side with peers and with the bare engines. Figures go to `bench/results/`."""
