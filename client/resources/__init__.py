"""The nouns of the surface as objects with methods, a file each."""
