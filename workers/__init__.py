"""The night shift: takes a job, calls a verb."""
