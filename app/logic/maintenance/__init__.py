"""Sweepers and scheduled clean-up."""
