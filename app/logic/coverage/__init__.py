"""The coverage engine: bytes in, columns and numbers out; no database, no network."""
