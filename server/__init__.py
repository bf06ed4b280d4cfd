"""The door: ASGI application, lifespan, the GraphQL view and sockets, health."""

__version__ = "0.1.0"
