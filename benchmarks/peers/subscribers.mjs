// Opens many graphql-transport-ws subscriptions, lets the server publish, and prints deliveries a second and how late they
// were, as JSON: node subscribers.mjs '{"url", "query", "field", "clients", "messages", "token"?, "publish"?, "idle"?}'
// Without `publish` (an address to GET), labels are changed through the API, one event each. With `idle` (seconds), nothing
// is subscribed: the sockets stay open for so long.

import { WebSocket } from 'ws';

const order = JSON.parse(process.argv[2]);
const now = () => performance.timeOrigin + performance.now();
const authorization = order.token ? { authorization: `Bearer ${order.token}` } : {};
const AT_ONCE = 20;
const SETTLE_MS = 2_000;
const LONGEST_MS = 120_000;
const late = [];
let ready = 0;
let last = 0;

function open(whenReady) {
  const socket = new WebSocket(order.url.replace('http', 'ws'), 'graphql-transport-ws', { perMessageDeflate: false });
  const send = (message) => socket.send(JSON.stringify(message));
  socket.on('open', () => send({ type: 'connection_init', payload: authorization }));
  socket.on('error', fail);
  socket.on('close', (code, reason) => fail(new Error(`closed: ${code} ${reason}`)));
  socket.on('message', (bytes) => {
    const message = JSON.parse(bytes);
    if (message.type === 'connection_ack') {
      if (!order.idle) send({ id: '1', type: 'subscribe', payload: { query: order.query } });
      whenReady();
    } else if (message.type === 'next') {
      last = now();
      late.push(last - Date.parse(message.payload.data[order.field].at));
    } else if (message.type === 'ping') {
      send({ type: 'pong' });
    } else {
      fail(new Error(JSON.stringify(message).slice(0, 300)));
    }
  });
}

function fail(error) {
  console.error(String(error));
  process.exit(1);
}

async function post(query, variables) {
  const headers = { 'content-type': 'application/json', ...authorization };
  const answer = await fetch(order.url, { method: 'POST', headers, body: JSON.stringify({ query, variables }) });
  const { data, errors } = await answer.json();
  if (errors) fail(new Error(JSON.stringify(errors)));
  return data;
}

async function changeLabels() {
  const { labels } = await post('{ labels(first: 1) { nodes { id } } }');
  const change = 'mutation ($id: ID!, $text: String) { labelUpdate(input: { id: $id, description: $text }) { userErrors { code } } }';
  let left = order.messages;
  const one = async () => {
    while (left > 0) {
      left -= 1;
      await post(change, { id: labels.nodes[0].id, text: `${left} ${Math.random()}` });
    }
  };
  await Promise.all(Array.from({ length: 8 }, one));
}

await new Promise((resolve) => {
  let opened = 0;
  const next = () => {
    if (opened < order.clients) {
      opened += 1;
      open(() => {
        ready += 1;
        next();
        if (ready === order.clients) setTimeout(resolve, SETTLE_MS);
      });
    }
  };
  for (let number = 0; number < AT_ONCE; number += 1) next();
  setTimeout(() => fail(new Error(`only ${ready} sockets are ready`)), LONGEST_MS).unref();
});

if (order.idle) {
  console.log(JSON.stringify({ sockets: ready }));
  await new Promise((resolve) => setTimeout(resolve, order.idle * 1000));
  process.exit();
}
const began = now();
const wanted = order.clients * order.messages;
await (order.publish ? fetch(order.publish) : changeLabels());
while (late.length < wanted && now() - began < LONGEST_MS) await new Promise((resolve) => setTimeout(resolve, 20));
late.sort((one, other) => one - other);
const at = (share) => Number(late[Math.min(late.length - 1, Math.floor(late.length * share))].toFixed(1));
console.log(
  JSON.stringify({ deliveries: late.length, wanted, perSecond: Math.round((late.length / (last - began)) * 1000), p50: at(0.5), p99: at(0.99) }),
);
process.exit();
