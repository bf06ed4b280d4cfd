// Each client in the two words that a journey needs.

import { createHash } from 'node:crypto';

import { ApolloClient, ApolloLink, HttpLink, InMemoryCache, gql } from '@apollo/client';
import { createPersistedQueryLink } from '@apollo/client/link/persisted-queries';
import { GraphQLWsLink } from '@apollo/client/link/subscriptions';
import { createClient as createUrql, fetchExchange } from '@urql/core';
import { createClient as createSse } from 'graphql-sse';
import { createClient as createSocket } from 'graphql-ws';
import WebSocket from 'ws';

globalThis.WebSocket ??= WebSocket; // Apollo asks for the browser's

export const socketOf = (address, authorization, more = {}) =>
  createSocket({
    url: `${address.replace('http', 'ws')}/graphql`,
    webSocketImpl: WebSocket,
    connectionParams: typeof authorization === 'function' ? authorization : { authorization },
    ...more,
  });

function single(subscribe) {
  return (query, variables) =>
    new Promise((resolve, reject) => {
      let answer;
      subscribe(query, variables, {
        next: (value) => (answer = value),
        error: reject,
        complete: () => (answer.errors ? reject(answer.errors) : resolve(answer.data)),
      });
    });
}

function subscriber(client) {
  const subscribe = (query, variables, sink) => client.subscribe({ query, variables }, sink);
  return { subscribe, execute: single(subscribe), dispose: () => client.dispose() };
}

function apollo(link) {
  const client = new ApolloClient({ link, cache: new InMemoryCache() });
  return {
    async execute(query, variables) {
      const document = gql(query);
      const isMutation = document.definitions[0].operation === 'mutation';
      const answer = await (isMutation
        ? client.mutate({ mutation: document, variables, fetchPolicy: 'no-cache' })
        : client.query({ query: document, variables, fetchPolicy: 'no-cache' }));
      return answer.data;
    },
    subscribe(query, variables, sink) {
      const heard = client.subscribe({ query: gql(query), variables, fetchPolicy: 'no-cache' }).subscribe({
        next: (answer) => (answer.error ? sink.error(answer.error) : sink.next(answer)),
        error: sink.error,
        complete: sink.complete,
      });
      return () => heard.unsubscribe();
    },
    dispose: () => client.stop(),
  };
}

function urql(address, authorization) {
  const client = createUrql({
    url: `${address}/graphql`,
    exchanges: [fetchExchange],
    fetchSubscriptions: true,
    preferGetMethod: false,
    fetchOptions: { headers: { authorization } },
  });
  return {
    async execute(query, variables) {
      const isMutation = query.startsWith('mutation');
      const answer = await (isMutation ? client.mutation(query, variables) : client.query(query, variables)).toPromise();
      if (answer.error) throw answer.error;
      return answer.data;
    },
    subscribe(query, variables, sink) {
      const heard = client.subscription(query, variables).subscribe((answer) => {
        if (answer.error) sink.error(answer.error);
        else sink.next(answer);
      });
      return () => heard.unsubscribe();
    },
    dispose: () => undefined,
  };
}

const hashes = createPersistedQueryLink({ sha256: async (text) => createHash('sha256').update(text).digest('hex') });

export const adapters = {
  'graphql-ws': (address, authorization) => subscriber(socketOf(address, authorization)),
  'graphql-sse': (address, authorization) =>
    subscriber(createSse({ url: `${address}/graphql`, headers: { authorization }, retryAttempts: 0 })),
  'apollo-multipart': (address, authorization) =>
    apollo(new HttpLink({ uri: `${address}/graphql`, headers: { authorization } })),
  'apollo-socket': (address, authorization) => apollo(new GraphQLWsLink(socketOf(address, authorization))),
  'apollo-persisted': (address, authorization) =>
    apollo(ApolloLink.from([hashes, new HttpLink({ uri: `${address}/graphql`, headers: { authorization } })])),
  urql,
};
