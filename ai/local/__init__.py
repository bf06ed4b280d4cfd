"""What works offline with no key: deterministic, and labelled as what it is. Nothing here writes text of its own.

Numpy and the encoder's weights are loaded at first use, in a thread; to import this costs neither.
"""
