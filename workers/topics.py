"""Imports every module with handlers, so that they are registered. One line a topic."""

from workers import crediting, leads, mails, upkeep, workspaces

TOPICS = (crediting, leads, mails, upkeep, workspaces)
