"""Every example that the pages offer is an operation that the server takes."""

from typing import Any

import graphql

from resolvers import root
from tests.browser.chromium import Browser
from tests.fixtures.door import Door

_TAKES_IDS_FIRST = "Put labels on contacts"


async def _examples(browser: Browser, address: str) -> list[dict[str, Any]]:
    async with browser.page(f"{address}/graphql") as page:
        return await page.evaluate("import('/explorer/examples.js').then(({ EXAMPLES }) => EXAMPLES)")


async def test_every_example_is_valid(browser: Browser, plain: str) -> None:
    schema = graphql.build_schema(root.build().as_str())

    examples = await _examples(browser, plain)

    assert len(examples) > 10
    for example in examples:
        assert graphql.validate(schema, graphql.parse(example["query"])) == [], example["title"]


async def test_every_query_and_mutation_succeeds_in_the_demo_workspace(
    browser: Browser, plain: str, door: Door
) -> None:
    for example in await _examples(browser, plain):
        document = graphql.parse(example["query"])
        (operation,) = document.definitions
        assert isinstance(operation, graphql.OperationDefinitionNode)
        if operation.operation is graphql.OperationType.SUBSCRIPTION or example["title"] == _TAKES_IDS_FIRST:
            continue

        reply = await door.execute(example["query"], example.get("variables"))

        for payload in reply.data.values():
            assert not payload.get("userErrors") if isinstance(payload, dict) else payload is not None, example["title"]
