"""Loads made-up Brazilian contacts through the API, in batches, and tells how far it is. Running it twice adds nobody.

    python examples/import_contacts.py [--count 10000] [--batch 200]

Interrupting it loses nothing: each batch is one transaction, and a contact is found again by its external id.
"""

import argparse
import asyncio
import random
import sys
import time
from collections.abc import Iterator
from typing import Any, Final

from client import Client, Refused

_FIRST: Final = [
    "Ana",
    "Antônio",
    "Beatriz",
    "Bruno",
    "Caio",
    "Carla",
    "Cauã",
    "Cecília",
    "Conceição",
    "Débora",
    "Eduardo",
    "Élcio",
    "Fabrício",
    "Fátima",
    "Flávia",
    "Gabriel",
    "Gonçalo",
    "Helena",
    "Inês",
    "Ícaro",
    "Jéssica",
    "João",
    "José",
    "Júlia",
    "Kauê",
    "Larissa",
    "Letícia",
    "Luís",
    "Luíza",
    "Mariângela",
    "Mônica",
    "Natália",
    "Otávio",
    "Patrícia",
    "Raíssa",
    "Sebastião",
    "Simão",
    "Taís",
    "Thaís",
    "Úrsula",
    "Vinícius",
    "Vitória",
    "Yasmin",
    "Zélia",
]
_LAST: Final = [
    "Almeida",
    "Araújo",
    "Assunção",
    "Barros",
    "Brandão",
    "Conceição",
    "Corrêa",
    "Falcão",
    "Fonseca",
    "Gonçalves",
    "Guimarães",
    "Leão",
    "Lourenço",
    "Magalhães",
    "Mendonça",
    "Muñoz",
    "Nóbrega",
    "Nunes",
    "Pacheco",
    "Pereira",
    "Queirós",
    "Ribeiro",
    "Sá",
    "Santana",
    "Simões",
    "Souza",
    "Távora",
    "Vasconcelos",
    "Viação",
]
_PARTICLES: Final = ("", "", "", "da ", "de ", "dos ", "d'")
_COMPANIES: Final = ("Padaria", "Oficina", "Clínica", "Escritório", "Construtora", "Confecções", "Farmácia", "Pousada")
_POSITIONS: Final = ("Compras", "Sócio", "Gerente", "Recepção", "Diretora", "Técnico", "Proprietária", None)
_AREAS: Final = (11, 11, 11, 19, 21, 21, 27, 31, 41, 47, 48, 51, 61, 62, 71, 81, 85, 91, 92, 98)
_LABELS: Final = (("Novo", "#2563EB"), ("Cliente", "#16A34A"), ("Inadimplente", "#DC2626"), ("VIP", "#D97706"))
_NINTH_DIGIT_SHOWN: Final = 0.9

_LABEL_LIST: Final = "{ labels { nodes { id name } } }"
_LABEL_CREATE: Final = """
mutation ($name: String!, $color: String!) {
  labelCreate(input: { name: $name, color: $color }) { label { id } userErrors { code message } }
}
"""
_UPSERT: Final = """
mutation ($contacts: [ContactInput!]!) {
  contactsUpsert(input: { contacts: $contacts }) {
    created updated
    results { contact { id } userErrors { code message field } }
    userErrors { code message field }
  }
}
"""
_LABELS_ADD: Final = """
mutation ($contacts: [ID!]!, $labels: [ID!]!) {
  contactLabelsAdd(input: { contactIds: $contacts, labelIds: $labels }) { userErrors { code message field } }
}
"""


def people(count: int) -> Iterator[dict[str, Any]]:
    """Make up people, always the same ones."""
    dice = random.Random(55)  # noqa: S311  (made-up people, not secrets)
    for number in range(count):
        name = f"{dice.choice(_FIRST)} {dice.choice(_PARTICLES)}{dice.choice(_LAST)} {dice.choice(_LAST)}"
        area = dice.choice(_AREAS)
        digits = f"{8_000_0000 + number * 7 % 1_999_9999:08d}"
        ninth = "9" if dice.random() < _NINTH_DIGIT_SHOWN else ""
        person: dict[str, Any] = {
            "externalId": f"import:{number}",
            "name": name,
            "phone": f"({area}) {ninth}{digits[:4]}-{digits[4:]}",
            "leadScore": dice.randrange(101),
        }
        if dice.random() < 0.6:
            person["company"] = f"{dice.choice(_COMPANIES)} {dice.choice(_LAST)}"
            person["position"] = dice.choice(_POSITIONS)
        if dice.random() < 0.4:
            person["email"] = f"contato{number}@exemplo.com.br"
        yield person


async def labels(client: Client) -> list[str]:
    """Return the ids of the import's labels, making those that are missing."""
    known = {each["name"]: each["id"] for each in (await client.execute(_LABEL_LIST))["labels"]["nodes"]}
    for name, color in _LABELS:
        if name not in known:
            made = await client.execute(_LABEL_CREATE, {"name": name, "color": color})
            known[name] = made["labelCreate"]["label"]["id"]
    return [known[name] for name, _ in _LABELS]


async def load(client: Client, batch: list[dict[str, Any]], label_ids: list[str]) -> tuple[int, int, int]:
    """Send one batch; return how many were created, updated and refused."""
    answer = (await client.execute(_UPSERT, {"contacts": batch}))["contactsUpsert"]
    if answer["userErrors"]:
        raise Refused(answer["userErrors"])
    ids = [each["contact"]["id"] for each in answer["results"] if each["contact"] is not None]
    for place, label in enumerate(label_ids):
        chosen = ids[place :: len(label_ids)]
        if chosen:
            await client.execute(_LABELS_ADD, {"contacts": chosen, "labels": [label]})
    return answer["created"], answer["updated"], len(batch) - len(ids)


async def main(count: int, size: int) -> int:
    """Load all; return the exit code."""
    client = Client()
    label_ids = await labels(client)
    everybody = list(people(count))
    created = updated = refused = 0
    began = time.monotonic()
    for start in range(0, count, size):
        new, known, bad = await load(client, everybody[start : start + size], label_ids)
        created, updated, refused = created + new, updated + known, refused + bad
        done = min(start + size, count)
        sys.stdout.write(f"\r{done:,} of {count:,}: {created:,} created, {updated:,} updated, {refused:,} refused")
        sys.stdout.flush()
    seconds = time.monotonic() - began
    sys.stdout.write(f"\n{count / seconds:,.0f} contacts a second\n")
    return 1 if refused else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Load made-up Brazilian contacts through the API.")
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--batch", type=int, default=200)
    given = parser.parse_args()
    sys.exit(asyncio.run(main(given.count, given.batch)))
