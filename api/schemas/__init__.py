"""What the door answers: one object a file, times in RFC 3339."""
