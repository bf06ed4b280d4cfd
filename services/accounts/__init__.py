"""People with an account: how they prove who they are. See docs/decisions/0005."""
