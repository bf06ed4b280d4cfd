"""How operations come in and answers go out: GraphQL over HTTP, streams over HTTP, and graphql-transport-ws."""
