"""The hands: what is asked for is made here."""
