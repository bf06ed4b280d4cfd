"""Measurements, each beside something else in the same run. `python -m benchmarks` lists and runs them."""
