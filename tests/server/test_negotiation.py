"""Which form of an answer a line `Accept` gets."""

import pytest

from server.protocols.negotiation import Form, accepted, accepted_stream

RESPONSE, JSON, EVENTS, PARTS = Form.RESPONSE, Form.JSON, Form.EVENTS, Form.MULTIPART
RESPONSE_TYPE = "application/graphql-response+json"


@pytest.mark.parametrize(
    ("line", "form"),
    [
        (None, JSON), ("", JSON), ("  ", JSON), ("*/*", JSON), ("application/*", JSON), ("application/json", JSON),
        (RESPONSE_TYPE, RESPONSE), (f"{RESPONSE_TYPE}, application/json", RESPONSE),
        (f"application/json, {RESPONSE_TYPE}", JSON), (f"{RESPONSE_TYPE};q=0.5, application/json", JSON),
        (f"application/json;q=0.9, {RESPONSE_TYPE}", RESPONSE), (f"{RESPONSE_TYPE}, */*;q=0.1", RESPONSE),
        (f"{RESPONSE_TYPE};charset=utf-8", RESPONSE), (f"{RESPONSE_TYPE} ; Q=0.2 , */*;q=0.1", RESPONSE),
        (f"{RESPONSE_TYPE}; q=0, application/*", JSON), ("application/json;q=0, */*", RESPONSE),
        ("application/json;q=0", None), ("text/html", None), ("image/*", None), ("text/html, */*;q=0.1", JSON),
        ("application/json;q=nonsense", None), ("application/json;q=nan", None), ("application/json;q=7", JSON),
        (",,;;,", None), ("application/xml, text/plain", None), ("APPLICATION/JSON", JSON),
        ("text/event-stream", EVENTS), ("text/*", EVENTS), ("text/event-stream;q=0.1, application/json;q=0.2", JSON),
        ("application/json;q=0.1, text/event-stream", EVENTS), ("multipart/mixed;subscriptionSpec=1.0", PARTS),
        ("multipart/mixed;boundary=graphql;subscriptionSpec=1.0,application/json", PARTS), ("multipart/*", PARTS),
        ("x" * 100_000, None), ("," * 100_000, None), ("text/plain," * 29 + "application/json", JSON),
    ],
)  # fmt: skip
def test_the_form_that_a_client_likes_best_is_chosen(line: str | None, form: Form | None) -> None:
    assert accepted(line) is form


@pytest.mark.parametrize(
    ("line", "form"),
    [
        (None, None), ("*/*", None), ("application/json", None), ("application/json, text/event-stream", EVENTS),
        ("text/event-stream;q=0.1, multipart/mixed", PARTS), ("text/event-stream, multipart/mixed", EVENTS),
        ("multipart/mixed, text/event-stream", PARTS), ("text/event-stream;q=0", None),
    ],
)  # fmt: skip
def test_a_subscription_gets_the_stream_that_is_named(line: str | None, form: Form | None) -> None:
    assert accepted_stream(line) is form
