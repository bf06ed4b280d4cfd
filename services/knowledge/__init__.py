"""The knowledge base of a workspace: sources, their chunks, and the search over them."""
