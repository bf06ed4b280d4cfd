// node audit.mjs ADDRESS: the public audits of GraphQL over HTTP, as JSON.

import { serverAudits } from 'graphql-http';

const [address] = process.argv.slice(2);
const results = [];
for (const audit of serverAudits({ url: `${address}/graphql` })) {
  const { status, reason } = await audit.fn();
  results.push({ id: audit.id, name: audit.name, status, reason });
}
console.log(JSON.stringify(results));
process.exit(0);
