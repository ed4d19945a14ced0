"""Reports written in formats that other tools read: LCOV, Cobertura XML, JSON and web pages (docs/export.md)."""
