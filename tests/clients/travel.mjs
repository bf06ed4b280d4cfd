// node travel.mjs CLIENT ADDRESS TOKEN CURSOR: one client's journey from a cursor on, as JSON.

import { adapters } from './adapters.mjs';
import { journey } from './journey.mjs';

const [name, address, token, cursor] = process.argv.slice(2);
const client = adapters[name](address, `Bearer ${token}`);
const found = await journey(client, cursor);
await client.dispose();
console.log(JSON.stringify(found));
process.exit(0);
