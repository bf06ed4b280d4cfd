"""The copilot: what the team could answer next, streamed as it is written.

`writing` makes the events of one suggestion, `streams` keeps them for whoever follows, `mirror` for other processes.
"""
