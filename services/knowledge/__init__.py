"""The knowledge base: what a workspace's assistants may cite."""
