"""Keeps what goes into a model, and what comes out, from doing harm: rules over undisguised words, and data blocks."""

from ai.safety.blocks import data_block
from ai.safety.filtering import check_input, check_output, new_canary
from ai.safety.links import hosts_in
from ai.safety.streaming import SafetyStream
from ai.safety.verdicts import Assessment, Category, Finding, Severity, Verdict

__all__ = [
    "Assessment",
    "Category",
    "Finding",
    "SafetyStream",
    "Severity",
    "Verdict",
    "check_input",
    "check_output",
    "data_block",
    "hosts_in",
    "new_canary",
]
