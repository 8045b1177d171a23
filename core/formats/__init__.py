"""Preference pairs in files: read line by line with every fault named, written as a stream."""
