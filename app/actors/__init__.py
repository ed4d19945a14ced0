"""Dramatiq actors: entry points that validate, call one piece of logic and wake what follows."""
