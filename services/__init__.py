"""What the product can do: one verb per thing a user or the system may do."""
