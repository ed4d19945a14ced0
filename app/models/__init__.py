"""Peewee models, one module per area."""
