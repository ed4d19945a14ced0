"""Low-level code that knows nothing of the rest of the product."""
