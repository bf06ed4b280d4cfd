"""A small client for the examples: signs in, sends operations over HTTP, and follows subscriptions over a socket."""

import asyncio
import json
import os
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Mapping
from typing import Any, Final, cast

import websockets

ADDRESS: Final = os.environ.get("WHATSHYBRID_URL", "http://localhost:8000/graphql")
EMAIL: Final = os.environ.get("WHATSHYBRID_EMAIL", "demo@whatshybrid.dev")
PASSWORD: Final = os.environ.get("WHATSHYBRID_PASSWORD", "demo-password-123")

_TIMEOUT: Final = 30.0
_LOGIN: Final = """
mutation ($email: String!, $password: String!) {
  login(input: { email: $email, password: $password }) { accessToken userErrors { code message } }
}
"""


class Refused(Exception):
    """The API answered with errors."""


class Client:
    """Signs in again when its token has run out."""

    def __init__(self, address: str = ADDRESS, email: str = EMAIL, password: str = PASSWORD) -> None:
        self._address = address
        self._email = email
        self._password = password
        self._token: str | None = None

    async def execute(self, query: str, variables: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Send one operation, and return its data."""
        token = self._token or await self.sign_in()
        answer = await asyncio.to_thread(self._post, query, variables, token)
        if any(error.get("extensions", {}).get("code") == "TOKEN_EXPIRED" for error in answer.get("errors", ())):
            answer = await asyncio.to_thread(self._post, query, variables, await self.sign_in())
        if answer.get("errors"):
            raise Refused(answer["errors"])
        return answer["data"]

    async def sign_in(self) -> str:
        """Return a fresh access token."""
        variables = {"email": self._email, "password": self._password}
        answer = await asyncio.to_thread(self._post, _LOGIN, variables, None)
        login: dict[str, Any] = answer["data"]["login"] if answer.get("data") else {}
        if not login.get("accessToken"):
            raise Refused(answer.get("errors") or login.get("userErrors"))
        self._token = token = cast("str", login["accessToken"])
        return token

    async def follow(self, query: str, variables: Mapping[str, Any]) -> AsyncIterator[dict[str, Any]]:
        """Yield what a subscription says, until its socket ends."""
        url = self._address.replace("http", "ws", 1)
        protocol = websockets.Subprotocol("graphql-transport-ws")
        async with websockets.connect(url, subprotocols=[protocol], open_timeout=_TIMEOUT) as socket:
            line = {"authorization": f"Bearer {await self.sign_in()}"}
            await socket.send(json.dumps({"type": "connection_init", "payload": line}))
            await asyncio.wait_for(socket.recv(), _TIMEOUT)
            payload = {"query": query, "variables": variables}
            await socket.send(json.dumps({"id": "1", "type": "subscribe", "payload": payload}))
            async for text in socket:
                message: dict[str, Any] = json.loads(text)
                if message["type"] == "next":
                    yield message["payload"]
                elif message["type"] in ("error", "complete"):
                    raise Refused(message.get("payload", "the server ended the stream"))

    def _post(self, query: str, variables: Mapping[str, Any] | None, token: str | None) -> dict[str, Any]:
        headers = {"content-type": "application/json"}
        if token is not None:
            headers["authorization"] = f"Bearer {token}"
        body = json.dumps({"query": query, "variables": variables}).encode()
        request = urllib.request.Request(self._address, body, headers)  # noqa: S310  (the address is the user's own)
        try:
            with urllib.request.urlopen(request, timeout=_TIMEOUT) as answer:  # noqa: S310
                return json.load(answer)
        except urllib.error.HTTPError as error:
            return json.load(error)
