"""From the paths of coverage reports to the paths of the repository (docs/paths.md)."""
