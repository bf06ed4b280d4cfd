"""Contacts: the people that a workspace talks to."""
