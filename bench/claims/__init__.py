"""What is said of the methods, measured on the miniature world: `make claims`; `bench/README.md` explains the rows."""
