"""Imports every module with handlers, so that they are registered. One line a topic."""

from workers import crediting, knowledge, leads, mails, traces, upkeep, uploads, workspaces

TOPICS = (crediting, knowledge, leads, mails, traces, upkeep, uploads, workspaces)
