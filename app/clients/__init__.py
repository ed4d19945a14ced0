"""Clients of everything outside: Git hosts, object storage."""
