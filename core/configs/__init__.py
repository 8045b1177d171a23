"""What a user asks for, frozen: stored whole in the ledger and again inside each checkpoint."""
