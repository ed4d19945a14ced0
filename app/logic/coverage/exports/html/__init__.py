"""A report as a folder of web pages that need no server, no script and nothing from elsewhere."""
