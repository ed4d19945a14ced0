"""Repository configuration: find, parse, validate, resolve."""
