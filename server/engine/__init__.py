"""What happens to an operation, whatever protocol it came by: checked, priced, run, and dressed for its caller."""

from server.engine.engine import Engine
from server.engine.request import Answer, Parameters, RequestRefused

__all__ = ["Answer", "Engine", "Parameters", "RequestRefused"]
