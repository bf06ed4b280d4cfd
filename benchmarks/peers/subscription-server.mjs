// A server with one subscription, by KIND: `graphql-ws` (over ws) or `mercurius`. GET /publish?count=N sends N messages
// to all who listen, as fast as they go.

import http from 'node:http';

const port = Number(process.env.PORT);
const typeDefs = `
  type Query { ok: Boolean }
  type Event { seq: String! type: String! subjectIds: [ID!]! at: String! cursor: String! }
  type Subscription { events: Event! }
`;
const event = (number) => ({
  seq: String(number),
  type: 'LABEL_UPDATED',
  subjectIds: ['label_0193a5b07c1e7d2a9f3b2c4d5e6f7a8b'],
  at: new Date(performance.timeOrigin + performance.now()).toISOString(),
  cursor: 'AAAAAAAAAAEAAAAAAAAAAA',
});

async function publish(emit, address, answer) {
  const count = Number(new URL(address, 'http://localhost').searchParams.get('count'));
  for (let number = 0; number < count; number += 1) {
    await emit(event(number));
    await new Promise((resolve) => setImmediate(resolve));
  }
  answer.end('done');
}

async function withMercurius() {
  const { default: fastify } = await import('fastify');
  const { default: mercurius } = await import('mercurius');
  const app = fastify();
  const subscribe = (_, __, { pubsub }) => pubsub.subscribe('events');
  app.register(mercurius, { schema: typeDefs, resolvers: { Subscription: { events: { subscribe } } }, subscription: true, jit: 1 });
  const emit = (payload) =>
    new Promise((resolve) => app.graphql.pubsub.publish({ topic: 'events', payload: { events: payload } }, resolve));
  app.get('/publish', async (request, reply) => {
    reply.hijack();
    await publish(emit, request.url, reply.raw);
  });
  await app.listen({ port, host: '127.0.0.1' });
}

async function withGraphqlWs() {
  const { WebSocketServer } = await import('ws');
  const { useServer } = await import('graphql-ws/use/ws');
  const { makeExecutableSchema } = await import('@graphql-tools/schema');
  const listeners = new Set();
  const subscribe = () => {
    const queue = [];
    let wake = () => undefined;
    const push = (payload) => {
      queue.push(payload);
      wake();
    };
    listeners.add(push);
    return {
      [Symbol.asyncIterator]() {
        return this;
      },
      async next() {
        while (queue.length === 0) await new Promise((resolve) => (wake = resolve));
        return { value: { events: queue.shift() }, done: false };
      },
      async return() {
        listeners.delete(push);
        return { value: undefined, done: true };
      },
    };
  };
  const schema = makeExecutableSchema({ typeDefs, resolvers: { Subscription: { events: { subscribe } } } });
  const emit = async (payload) => listeners.forEach((push) => push(payload));
  const server = http.createServer((request, answer) => publish(emit, request.url, answer));
  useServer({ schema }, new WebSocketServer({ server, path: '/graphql' }));
  server.listen(port, '127.0.0.1');
}

await (process.env.KIND === 'mercurius' ? withMercurius() : withGraphqlWs());
