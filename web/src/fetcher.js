// How GraphiQL reaches the server: by POST, and subscriptions over the socket.

import { getOperationAST, parse } from 'graphql';
import { stream } from '../plain/stream.js';

/** Return GraphiQL's fetcher. It stays the same when somebody signs in: the schema is the same for all. */
export function fetcherOf(session, socket) {
  return ({ query, operationName, variables }, { headers } = {}) => {
    const payload = { query, operationName: operationName ?? undefined, variables };
    if (!isSubscription(query, operationName)) return session.run(payload, headers ?? {});
    return { subscribe: (sink) => ({ unsubscribe: follow(session, socket, payload, sink) }) };
  };
}

/** Subscribe, and return the function that ends it. */
export function follow(session, socket, payload, sink) {
  return stream(session, (current, inner) => socket.open(current, inner), payload, sink);
}

function isSubscription(query, operationName) {
  try {
    return getOperationAST(parse(query), operationName)?.operation === 'subscription';
  } catch {
    return false; // the server says what is wrong with it
  }
}
