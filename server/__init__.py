"""The door: ASGI application, lifespan, the GraphQL view and sockets, health."""
