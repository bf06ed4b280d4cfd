"""Prints what happens in the demo workspace, and goes on where it stopped when the connection is lost.

python examples/follow.py [CURSOR]
"""

import asyncio
import sys
from typing import Final

import websockets
from client import Client, Refused

_RETRY: Final = 1.0
_EVENTS: Final = """
subscription ($after: String) {
  workspaceEvents(after: $after) {
    __typename
    ... on WorkspaceEvent { cursor type subjectIds at }
    ... on ResyncRequired { cursor }
  }
}
"""


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


async def main(cursor: str | None) -> None:
    """Follow for ever."""
    client = Client()
    while True:
        try:
            _say("listening" if cursor is None else f"listening after {cursor}")
            async for payload in client.follow(_EVENTS, {"after": cursor}):
                event = payload["data"]["workspaceEvents"]
                cursor = event["cursor"]
                if event["__typename"] == "ResyncRequired":
                    _say("too much was missed: load the current state, then go on")
                else:
                    _say(f"{event['at']}  {event['type']:24} {', '.join(event['subjectIds'])}  {cursor}")
        except (OSError, TimeoutError, Refused, websockets.WebSocketException) as error:
            _say(f"lost the connection ({type(error).__name__}); trying again")
        await asyncio.sleep(_RETRY)


if __name__ == "__main__":
    try:
        asyncio.run(main(sys.argv[1] if len(sys.argv) > 1 else None))
    except KeyboardInterrupt:
        sys.exit(130)
