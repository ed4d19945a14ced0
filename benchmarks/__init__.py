"""Benchmarks of the engine and the runtime: `python -m benchmarks`."""
