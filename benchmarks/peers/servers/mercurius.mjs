// Mercurius on Fastify: graphql-jit from the first repetition on, and its own loaders, which batch by level.

import { readFileSync } from 'node:fs';
import fastify from 'fastify';
import mercurius from 'mercurius';
import * as database from './database.mjs';

const schema = readFileSync(new URL('schema.graphql', import.meta.url), 'utf8');
const date = (value) => value.toISOString();
const resolvers = {
  Query: {
    contact: (_, { id }) => database.contact(id),
    contacts: async (_, { first, after }) => ({ nodes: await database.contacts(first, after) }),
    labels: async (_, { first, after }) => ({ nodes: await database.labelsAfter(first, after) }),
  },
  Mutation: { contactCreate: async (_, { input }) => ({ contact: await database.create(input) }) },
  Contact: { createdAt: (contact) => date(contact.createdAt), updatedAt: (contact) => date(contact.updatedAt) },
  LeadScore: { at: (score) => date(score.at) },
};
const loaders = {
  Contact: {
    labels: (asked) => database.labels(asked.map(({ obj }) => obj.id)),
    owner: (asked) => database.users(asked.map(({ obj }) => obj.ownerId)),
    leadScores: (asked) => database.leadScores(asked.map(({ obj }) => obj.id), asked[0].params.last),
  },
  Label: {
    contacts: async (asked) => {
      const found = await database.contactsOf(asked.map(({ obj }) => obj.id), asked[0].params.first);
      return found.map((nodes) => ({ nodes }));
    },
  },
};

const app = fastify({ logger: false });
app.register(mercurius, { schema, resolvers, loaders, jit: 1, graphiql: false });
await app.listen({ port: Number(process.env.PORT), host: '127.0.0.1' });
