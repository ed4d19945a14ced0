"""Uploads: from the raw object to the commit report."""
