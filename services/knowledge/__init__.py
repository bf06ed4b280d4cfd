"""The knowledge base of a workspace: sources, their chunks, and the search over them."""
"""The knowledge base: what a workspace's assistants may cite."""
