// One socket for all subscriptions of the page, which signs in as whoever is signed in, and comes back when it drops.

import { createClient } from 'graphql-ws';

const ATTEMPTS = 12;
const FORBIDDEN = 4403; // the server's word for a token that it does not take

/** Dispatches `change` when `state` does: idle, connecting, connected, reconnecting. */
export class LiveSocket extends EventTarget {
  #client;
  #streams = 0;
  #connection = 'idle';

  constructor(session, url) {
    super();
    this.#client = createClient({
      url,
      connectionParams: () => session.authorization(),
      retryAttempts: ATTEMPTS,
      shouldRetry: (problem) => typeof problem?.code === 'number' && problem.code !== FORBIDDEN,
      on: {
        connecting: (isRetry) => this.#become(isRetry ? 'reconnecting' : 'connecting'),
        connected: () => this.#become('connected'),
        closed: () => this.#become('reconnecting'),
      },
    });
    session.addEventListener('change', () => this.#client.terminate()); // what is open goes on as the new person
  }

  get state() {
    return this.#streams > 0 ? this.#connection : 'idle';
  }

  /** Subscribe, and return the function that ends it. A reconnection sends `payload` as it is then. */
  open(payload, sink) {
    let isOpen = true;
    const end = () => {
      if (isOpen) this.#count(-1);
      isOpen = false;
    };
    this.#count(1);
    const close = this.#client.subscribe(payload, {
      next: (answer) => sink.next(answer),
      error: (problem) => {
        end();
        sink.error(problem);
      },
      complete: () => {
        end();
        sink.complete();
      },
    });
    return () => {
      end();
      close();
    };
  }

  #count(step) {
    this.#streams += step;
    this.dispatchEvent(new Event('change'));
  }

  #become(connection) {
    this.#connection = connection;
    this.dispatchEvent(new Event('change'));
  }
}
