// PostGraphile 5, whose schema is made of our tables. Functions in a schema of their own say where a page begins,
// and lead from a label to its contacts in their order; smart tags lead from a contact straight to its owner, and let lists be sorted as ours are.

import { createServer } from 'node:http';
import pg from 'pg';
import { postgraphile } from 'postgraphile';
import { makePgService } from 'postgraphile/adaptors/pg';
import { grafserv } from 'postgraphile/grafserv/node';
import { PostGraphileAmberPreset } from 'postgraphile/presets/amber';
import { jsonPgSmartTags } from 'postgraphile/utils';

const FUNCTIONS = `
  CREATE SCHEMA IF NOT EXISTS peers;
  CREATE OR REPLACE FUNCTION peers.contacts_after(workspace uuid, moment timestamptz) RETURNS SETOF public.contacts
  LANGUAGE sql STABLE AS $$
    SELECT * FROM public.contacts WHERE workspace_id = workspace AND archived_at IS NULL AND created_at > moment
    ORDER BY created_at, id $$;
  CREATE OR REPLACE FUNCTION peers.labels_after(workspace uuid, place int) RETURNS SETOF public.labels
  LANGUAGE sql STABLE AS $$
    SELECT * FROM public.labels WHERE workspace_id = workspace AND position > place ORDER BY position, id $$;
  CREATE OR REPLACE FUNCTION peers.labels_holders(label public.labels) RETURNS SETOF public.contacts
  LANGUAGE sql STABLE AS $$
    SELECT c.* FROM public.contacts c JOIN public.contact_labels l
      ON l.workspace_id = c.workspace_id AND l.contact_id = c.id
    WHERE l.workspace_id = label.workspace_id AND l.label_id = label.id AND c.archived_at IS NULL
    ORDER BY c.created_at, c.id $$;`;

const connectionString = process.env.DATABASE_URL;
const client = new pg.Client({ connectionString });
await client.connect();
await client.query(FUNCTIONS);
await client.end();

const straight = { tags: { foreignKey: '(owner_id) references public.users (id)|@fieldName directOwner' } };
const asked = { tags: { behavior: '+filterBy +orderBy' } };
const tags = {
  version: 1,
  config: {
    class: { 'public.contacts': straight },
    attribute: { 'public.lead_scores.at': asked },
  },
};
const preset = {
  extends: [PostGraphileAmberPreset],
  plugins: [jsonPgSmartTags(tags)],
  pgServices: [
    makePgService({ connectionString, schemas: ['public', 'peers'], poolConfig: { max: Number(process.env.POOL) } }),
  ],
  schema: { defaultBehavior: '+list +resource:list', dontSwallowErrors: true },
  grafserv: { graphiql: false, graphqlPath: '/graphql', websockets: false },
  grafast: { explain: false },
};
const instance = postgraphile(preset);
if (process.argv[2] === 'sdl') {
  const { printSchema } = await import('graphql');
  console.log(printSchema(await instance.getSchema()));
  process.exit();
}
const server = createServer();
await instance.createServ(grafserv).addTo(server);
server.listen(Number(process.env.PORT), '127.0.0.1');
