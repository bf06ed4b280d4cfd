"""The wire formats of the model providers, as a server writes them: frames of an answer, and the body of an error."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the model says: its pieces, and what it counted. `is_tool_call` gives the pieces as arguments of a tool."""

    pieces: Sequence[str] = ("Olá", ", tudo", " bem? ", "ção 🙂")
    input_tokens: int = 12
    output_tokens: int = 5
    finish: str = "stop"
    is_tool_call: bool = False

    @property
    def text(self) -> str:
        return "".join(self.pieces)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wire:
    """One provider's format. `frames` are the parts of an answer, each with a piece in it or around it."""

    name: str
    path: str
    frames: Callable[[Answer, Json], list[bytes]]
    error: Callable[[int], Json]

    @property
    def late_error(self) -> bytes:
        """What a failure in the middle of a stream looks like."""
        if self.name == "cohere":
            return _sse({"type": "message-end", "delta": {"finish_reason": "ERROR"}}, event="message-end")
        return _sse(self.error(503), event="error")


def _sse(data: Json | str, *, event: str | None = None) -> bytes:
    text = data if isinstance(data, str) else json.dumps(data, ensure_ascii=False)
    return ((f"event: {event}\n" if event else "") + f"data: {text}\n\n").encode()


def _openai(answer: Answer, asked: Json) -> list[bytes]:
    tool = asked["tools"][0]["function"]["name"] if answer.is_tool_call else None

    def chunk(delta: Json, finish: str | None = None, **more: Any) -> bytes:
        choices = [{"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}]
        head = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": asked["model"]}
        return _sse({**head, "choices": choices, **more})

    def said(text: str) -> Json:
        return {"tool_calls": [{"index": 0, "function": {"arguments": text}}]} if tool else {"content": text}

    first: Json = {"role": "assistant", "content": "" if tool is None else None}
    if tool:
        function = {"name": tool, "arguments": ""}
        first["tool_calls"] = [{"index": 0, "id": "call_1", "type": "function", "function": function}]
    frames = [chunk(first), *(chunk(said(each)) for each in answer.pieces)]
    frames.append(chunk({}, "tool_calls" if tool else answer.finish))
    if asked.get("stream_options", {}).get("include_usage"):
        counts = {"prompt_tokens": answer.input_tokens, "completion_tokens": answer.output_tokens}
        total = answer.input_tokens + answer.output_tokens
        usage = {"usage": {**counts, "total_tokens": total}, "choices": []}
        frames.append(_sse({"id": "chatcmpl-1", "object": "chat.completion.chunk", "model": asked["model"], **usage}))
    return [*frames, _sse("[DONE]")]


def _mistral(answer: Answer, asked: Json) -> list[bytes]:
    """Mistral counts in the last chunk without being asked, and knows no `stream_options`."""
    assert "stream_options" not in asked
    frames = _openai(answer, asked)
    last = json.loads(frames[-2].removeprefix(b"data: "))
    last["usage"] = {"prompt_tokens": answer.input_tokens, "completion_tokens": answer.output_tokens}
    return [*frames[:-2], _sse(last), frames[-1]]


def _anthropic(answer: Answer, asked: Json) -> list[bytes]:
    tool = asked["tools"][0]["name"] if answer.is_tool_call else None
    block = {"type": "tool_use", "id": "toolu_1", "name": tool, "input": {}} if tool else {"type": "text", "text": ""}
    usage = {"input_tokens": answer.input_tokens, "output_tokens": 1}
    head = {"id": "msg_1", "type": "message", "role": "assistant", "model": asked["model"], "content": []}
    reason = "tool_use" if tool else {"stop": "end_turn", "length": "max_tokens"}[answer.finish]

    def event(kind: str, **more: Any) -> bytes:
        return _sse({"type": kind, **more}, event=kind)

    def delta(text: str) -> Json:
        return {"type": "input_json_delta", "partial_json": text} if tool else {"type": "text_delta", "text": text}

    return [
        event("message_start", message={**head, "stop_reason": None, "stop_sequence": None, "usage": usage}),
        event("content_block_start", index=0, content_block=block) + event("ping"),
        *(event("content_block_delta", index=0, delta=delta(each)) for each in answer.pieces),
        event("content_block_stop", index=0),
        event(
            "message_delta",
            delta={"stop_reason": reason, "stop_sequence": None},
            usage={"output_tokens": answer.output_tokens},
        ),
        event("message_stop"),
    ]


def _google(answer: Answer, asked: Json) -> list[bytes]:
    def chunk(part: Json, **more: Any) -> bytes:
        candidate = {"content": {"parts": [part], "role": "model"}, "index": 0, **more}
        counts = {"promptTokenCount": answer.input_tokens, "candidatesTokenCount": answer.output_tokens}
        usage = {**counts, "totalTokenCount": answer.input_tokens + answer.output_tokens}
        return _sse({"candidates": [candidate], "usageMetadata": usage, "modelVersion": "gemini-2.5-flash"})

    finish = {"stop": "STOP", "length": "MAX_TOKENS"}[answer.finish]
    if answer.is_tool_call:
        name = asked["tools"][0]["function_declarations"][0]["name"]
        call = {"functionCall": {"name": name, "args": json.loads(answer.text)}}
        return [chunk(call, finishReason="STOP")]
    return [*(chunk({"text": each}) for each in answer.pieces), chunk({"text": ""}, finishReason=finish)]


def _cohere(answer: Answer, asked: Json) -> list[bytes]:
    tool = asked["tools"][0]["function"]["name"] if answer.is_tool_call else None

    def event(kind: str, message: Json | None = None, **more: Any) -> bytes:
        delta = {} if message is None else {"delta": {"message": message}}
        return _sse({"type": kind, **more, **delta}, event=kind)

    counts = {"input_tokens": answer.input_tokens, "output_tokens": answer.output_tokens}
    reason = "TOOL_CALL" if tool else {"stop": "COMPLETE", "length": "MAX_TOKENS"}[answer.finish]
    ending = {"delta": {"finish_reason": reason, "usage": {"billed_units": counts, "tokens": counts}}}
    if tool:
        call = {"id": "call_1", "type": "function", "function": {"name": tool, "arguments": ""}}
        said = [event("tool-call-start", {"tool_calls": call}, index=0)]
        said += [
            event("tool-call-delta", {"tool_calls": {"function": {"arguments": each}}}, index=0)
            for each in answer.pieces
        ]
        said.append(event("tool-call-end", index=0))
    else:
        said = [event("content-start", {"content": {"type": "text", "text": ""}}, index=0)]
        said += [event("content-delta", {"content": {"text": each}}, index=0) for each in answer.pieces]
        said.append(event("content-end", index=0))
    begin = {"role": "assistant", "content": [], "tool_plan": "", "tool_calls": [], "citations": []}
    return [event("message-start", begin, id="1"), *said, event("message-end", **ending), _sse("[DONE]")]


def _openai_error(status: int) -> Json:
    return {"error": {"message": f"no ({status})", "type": "error", "param": None, "code": None}}


def _anthropic_error(status: int) -> Json:
    kinds = {401: "authentication_error", 429: "rate_limit_error", 529: "overloaded_error", 404: "not_found_error"}
    return {"type": "error", "error": {"type": kinds.get(status, "api_error"), "message": f"no ({status})"}}


def _google_error(status: int) -> Json:
    return {"error": {"code": status, "message": f"no ({status})", "status": "UNAVAILABLE"}}


def _cohere_error(status: int) -> Json:
    return {"id": "1", "message": f"no ({status})"}


OPENAI = Wire(name="openai", path="/v1/chat/completions", frames=_openai, error=_openai_error)
MISTRAL = Wire(name="mistral", path="/v1/chat/completions", frames=_mistral, error=_openai_error)
ANTHROPIC = Wire(name="anthropic", path="/v1/messages", frames=_anthropic, error=_anthropic_error)
GOOGLE = Wire(name="google", path=":streamGenerateContent", frames=_google, error=_google_error)
COHERE = Wire(name="cohere", path="/v2/chat", frames=_cohere, error=_cohere_error)
WIRES = {
    "openai": OPENAI,
    "anthropic": ANTHROPIC,
    "google": GOOGLE,
    "groq": OPENAI,
    "mistral": MISTRAL,
    "cohere": COHERE,
    "together": OPENAI,
    "ollama": OPENAI,
}
"""The format that each provider speaks."""
