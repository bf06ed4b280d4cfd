"""Our server beside other GraphQL servers: same data, same operations, one core each. See `python -m benchmarks.peers`.

What is not Python lies here too: the peers on Node (`servers/`), the operations (`queries/`), the data
(`furniture.sql`).
"""
