"""Comparisons of a commit with its base."""
