"""Dramatiq middleware, one module each."""
