"""The vocabulary of the API: GraphQL types, inputs, enums and scalars. Executes no rule."""
