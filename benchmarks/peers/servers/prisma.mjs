// Express, Apollo Server and Prisma 7 over its adapter for pg: each root field asks Prisma for the whole tree with `include`.

import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { ApolloServer } from '@apollo/server';
import { expressMiddleware } from '@as-integrations/express5';
import { PrismaPg } from '@prisma/adapter-pg';
import client from '@prisma/client';
import express from 'express';

const typeDefs = readFileSync(new URL('schema.graphql', import.meta.url), 'utf8');
const workspaceId = process.env.WORKSPACE;
const adapter = new PrismaPg({ connectionString: process.env.DATABASE_URL, max: Number(process.env.POOL) });
const prisma = new client.PrismaClient({ adapter });
const oldest = [{ createdAt: 'asc' }, { id: 'asc' }];

const NESTED = {
  owner: true,
  labels: { include: { label: true }, orderBy: [{ label: { position: 'asc' } }, { labelId: 'asc' }] },
  leadScores: { take: 3, orderBy: [{ at: 'desc' }, { id: 'desc' }] },
};
const LABELLED = {
  contacts: {
    where: { contact: { archivedAt: null } },
    orderBy: [{ contact: { createdAt: 'asc' } }, { contactId: 'asc' }],
    take: 20,
    include: { contact: true },
  },
};
const resolvers = {
  Query: {
    contact: (_, { id }) => prisma.contact.findUnique({ where: { workspaceId_id: { workspaceId, id } } }),
    contacts: async (_, { first, after }) => ({
      nodes: await prisma.contact.findMany({
        where: { workspaceId, archivedAt: null, createdAt: { gt: new Date(after) } },
        orderBy: oldest,
        take: first,
        include: NESTED,
      }),
    }),
    labels: async (_, { first, after }) => ({
      nodes: await prisma.label.findMany({
        where: { workspaceId, position: { gt: Number(after) } },
        orderBy: [{ position: 'asc' }, { id: 'asc' }],
        take: first,
        include: LABELLED,
      }),
    }),
  },
  Mutation: {
    contactCreate: async (_, { input }) => ({
      contact: await prisma.contact.create({ data: { ...input, workspaceId, id: randomUUID() } }),
    }),
  },
  Contact: {
    customFields: (contact) => contact.custom,
    createdAt: (contact) => contact.createdAt.toISOString(),
    updatedAt: (contact) => contact.updatedAt.toISOString(),
    labels: (contact) => contact.labels.map(({ label }) => label),
  },
  LeadScore: { at: (score) => score.at.toISOString() },
  Label: { contacts: (label) => ({ nodes: label.contacts.map(({ contact }) => contact) }) },
};

const server = new ApolloServer({ typeDefs, resolvers, introspection: false, csrfPrevention: false });
await server.start();
const app = express();
app.use('/graphql', express.json(), expressMiddleware(server));
app.listen(Number(process.env.PORT), '127.0.0.1');
