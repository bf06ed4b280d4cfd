"""Imports every module with handlers, so that they are registered. One line a topic."""

from workers import mails, upkeep, workspaces

TOPICS = (mails, upkeep, workspaces)
