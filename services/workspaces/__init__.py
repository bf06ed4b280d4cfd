"""Workspaces, and the people in them."""
