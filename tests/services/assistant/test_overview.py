"""What is shown of how models are asked: a text as a provider would see it."""

import pytest

from core.ground import Ground
from core.text import TextInvalid
from services.assistant import overview
from tests.fixtures.fleets import fleeted
from tests.fixtures.tenants import Tenant


@pytest.mark.parametrize("before", ["", "  \n", "meu zap: \u202a", "Joa\u0303o, "])
async def test_a_preview_names_places_of_the_text_as_it_was_given(
    ground: Ground, redis_url: str, tenant: Tenant, before: str
) -> None:
    number = "+55 11 98765-4321"

    async with fleeted(ground, redis_url, {}) as shown:
        preview, _ = await overview.preview(shown.assistant, tenant.owner, f"{before}{number} \u202c ", None)

    [place] = preview.places
    assert (place.start, place.end) == (len(before), len(before) + len(number))
    assert preview.text == f"{before}{place.token} \u202c "


async def test_a_preview_of_what_is_no_text_is_refused(ground: Ground, redis_url: str, tenant: Tenant) -> None:
    async with fleeted(ground, redis_url, {}) as shown:
        with pytest.raises(TextInvalid):
            await overview.preview(shown.assistant, tenant.owner, "cpf\x00", None)
