"""Addresses in settings: how they begin, that they name what can be, and that the client of the store can read them.

What is refused is refused with a remedy, and with nothing of the value but the names of its options and of its files.
A client's library is imported when there is an address to be judged, and never asks the network.
"""

from core.addresses.machines import address, machine
from core.addresses.mongo import mongo_address
from core.addresses.postgres import database_address
from core.addresses.valkey import redis_address

__all__ = ["address", "database_address", "machine", "mongo_address", "redis_address"]
