"""The key of what is to happen once, as a part of an input."""

import strawberry


@strawberry.input(description="What is to happen once, however often it is sent.")
class OnceInput:
    idempotency_key: str | None = strawberry.field(
        default=None,
        description=(
            "A key of your choice, 1 to 200 printable ASCII characters: a UUID, say. For 24 hours the same input with"
            " it happens once and gets the same answer, about things as they are now; another input with it is refused"
            " (IDEMPOTENCY_KEY_REUSED). What was refused is not remembered. The header `Idempotency-Key` does this for"
            " a whole request."
        ),
    )
