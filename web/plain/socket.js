// A small client of graphql-transport-ws (the protocol of graphql-ws, PROTOCOL.md) for the plain page: one socket for all
// subscriptions, opened by the first and closed after the last, made anew with growing pauses when it drops.

const ATTEMPTS = 10;
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 15_000;
const ACK_TIMEOUT_MS = 10_000;
const NORMAL = 1000;
const FINAL_CLOSES = [1002, 1008, 1011, 4004, 4005, 4400, 4401, 4403, 4406, 4409, 4429, 4500];

/** `connectionParams()` is asked at each connection; `onState(word)` hears idle, connecting, connected, reconnecting. */
export class SocketClient {
  #url;
  #connectionParams;
  #onState;
  #subscriptions = new Map();
  #socket = null;
  #isReady = false;
  #attempts = 0;
  #timer;
  #nextId = 1;

  constructor({ url, connectionParams, onState }) {
    this.#url = url;
    this.#connectionParams = connectionParams;
    this.#onState = onState;
  }

  /** Subscribe, and return the function that ends it. A reconnection sends `payload` as it is then. */
  subscribe(payload, sink) {
    const id = String(this.#nextId++);
    this.#subscriptions.set(id, { payload, sink });
    if (this.#isReady) this.#send({ id, type: 'subscribe', payload });
    else if (!this.#socket && this.#subscriptions.size === 1) this.#connect('connecting');
    return () => {
      if (!this.#subscriptions.delete(id)) return;
      if (this.#isReady) this.#send({ id, type: 'complete' });
      this.#closeIfIdle();
    };
  }

  #connect(state) {
    this.#onState(state);
    const socket = new WebSocket(this.#url, 'graphql-transport-ws');
    this.#socket = socket;
    this.#timer = setTimeout(() => socket.close(4408, 'Connection acknowledgement timeout'), ACK_TIMEOUT_MS);
    socket.onopen = async () => {
      const payload = await this.#connectionParams();
      if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify({ type: 'connection_init', payload }));
    };
    socket.onmessage = ({ data }) => this.#hear(JSON.parse(data));
    socket.onclose = (event) => this.#dropped(socket, event);
  }

  #hear({ type, id, payload }) {
    if (type === 'ping') this.#send({ type: 'pong' });
    if (type === 'connection_ack') this.#acknowledged();
    const subscription = this.#subscriptions.get(id);
    if (!subscription) return;
    if (type === 'next') subscription.sink.next(payload);
    if (type === 'error' || type === 'complete') {
      this.#subscriptions.delete(id);
      if (type === 'error') subscription.sink.error(payload);
      else subscription.sink.complete();
      this.#closeIfIdle();
    }
  }

  #acknowledged() {
    clearTimeout(this.#timer);
    this.#isReady = true;
    this.#attempts = 0;
    this.#onState('connected');
    for (const [id, { payload }] of this.#subscriptions) this.#send({ id, type: 'subscribe', payload });
  }

  #dropped(socket, event) {
    if (socket !== this.#socket) return;
    clearTimeout(this.#timer);
    this.#socket = null;
    this.#isReady = false;
    if (this.#subscriptions.size === 0) {
      this.#onState('idle');
    } else if (FINAL_CLOSES.includes(event.code) || this.#attempts >= ATTEMPTS) {
      this.#giveUp(event);
    } else {
      const pause = Math.min(FIRST_PAUSE_MS * 2 ** this.#attempts, LONGEST_PAUSE_MS) * (0.5 + Math.random());
      this.#attempts += 1;
      this.#onState('reconnecting');
      this.#timer = setTimeout(() => this.#subscriptions.size > 0 && this.#connect('reconnecting'), pause);
    }
  }

  #giveUp(event) {
    const left = [...this.#subscriptions.values()];
    this.#subscriptions.clear();
    this.#attempts = 0;
    this.#onState('idle');
    for (const { sink } of left) sink.error({ code: event.code, reason: event.reason });
  }

  #closeIfIdle() {
    if (this.#subscriptions.size > 0) return;
    clearTimeout(this.#timer);
    const socket = this.#socket;
    this.#socket = null;
    this.#isReady = false;
    this.#attempts = 0;
    socket?.close(NORMAL, 'Done');
    this.#onState('idle');
  }

  #send(message) {
    this.#socket.send(JSON.stringify(message));
  }
}
