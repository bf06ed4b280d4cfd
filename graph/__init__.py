"""One declaration per edge: the words a GraphQL type is written in, and what is made from them. Knows no noun."""
