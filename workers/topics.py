"""Imports every module with handlers, so that they are registered. One line a topic."""

from workers import crediting, knowledge, mails, upkeep, workspaces

TOPICS = (crediting, knowledge, mails, upkeep, workspaces)
from workers import crediting, mails, upkeep, uploads, workspaces

TOPICS = (crediting, mails, upkeep, uploads, workspaces)
