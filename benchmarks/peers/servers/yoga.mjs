// GraphQL Yoga on node:http, with a dataloader for each edge; it keeps parsed and validated documents by itself.

import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import DataLoader from 'dataloader';
import { createSchema, createYoga } from 'graphql-yoga';
import * as database from './database.mjs';

const typeDefs = readFileSync(new URL('schema.graphql', import.meta.url), 'utf8');
const date = (value) => value.toISOString();

function bySize(load) {
  const loaders = new Map();
  return (size) => {
    if (!loaders.has(size)) loaders.set(size, new DataLoader((keys) => load(keys, size)));
    return loaders.get(size);
  };
}

const context = () => ({
  labels: new DataLoader(database.labels),
  users: new DataLoader(database.users),
  leadScores: bySize(database.leadScores),
  contactsOf: bySize(database.contactsOf),
});
const resolvers = {
  Query: {
    contact: (_, { id }) => database.contact(id),
    contacts: async (_, { first, after }) => ({ nodes: await database.contacts(first, after) }),
    labels: async (_, { first, after }) => ({ nodes: await database.labelsAfter(first, after) }),
  },
  Mutation: { contactCreate: async (_, { input }) => ({ contact: await database.create(input) }) },
  Contact: {
    createdAt: (contact) => date(contact.createdAt),
    updatedAt: (contact) => date(contact.updatedAt),
    labels: (contact, _, { labels }) => labels.load(contact.id),
    owner: (contact, _, { users }) => contact.ownerId && users.load(contact.ownerId),
    leadScores: (contact, { last }, { leadScores }) => leadScores(last).load(contact.id),
  },
  LeadScore: { at: (score) => date(score.at) },
  Label: {
    contacts: async (label, { first }, { contactsOf }) => ({ nodes: await contactsOf(first).load(label.id) }),
  },
};

const yoga = createYoga({
  schema: createSchema({ typeDefs, resolvers }),
  context,
  logging: false,
  graphiql: false,
  landingPage: false,
});
createServer(yoga).listen(Number(process.env.PORT), '127.0.0.1');
