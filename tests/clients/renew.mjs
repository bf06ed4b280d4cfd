// node renew.mjs ADDRESS SHORT LONG CURSOR: what graphql-ws does when its first token runs out, as JSON.

import { socketOf } from './adapters.mjs';
import { within } from './journey.mjs';

const [address, short, long, cursor] = process.argv.slice(2);
const closes = [];
let connections = 0;
const client = socketOf(address, () => ({ authorization: `Bearer ${connections++ === 0 ? short : long}` }), {
  retryWait: async () => undefined,
  on: { closed: (event) => closes.push(event.code), connected: () => connections === 2 && create() },
});
function create() {
  const query = 'mutation { contactCreate(input: { name: "Bia" }) { userErrors { code } } }';
  client.subscribe({ query }, { next: () => undefined, error: console.error, complete: () => undefined });
}
const variables = { after: cursor };
const query = `subscription ($after: String) {
  workspaceEvents(after: $after, types: [CONTACT_CREATED]) { ... on WorkspaceEvent { cursor seq } }
}`;
const seqs = await within(
  new Promise((resolve, reject) => {
    const heard = [];
    client.subscribe({ query, variables }, {
      next: (answer) => {
        const event = answer.data.workspaceEvents;
        heard.push(Number(event.seq));
        variables.after = event.cursor; // what is sent again begins behind what was seen
        if (heard.length === 2) resolve(heard);
      },
      error: reject,
      complete: () => reject(new Error('completed')),
    });
  }),
  20_000,
);
console.log(JSON.stringify({ seqs, closes, connections }));
process.exit(0);
