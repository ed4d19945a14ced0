"""Notifications: decide, render, deliver."""
