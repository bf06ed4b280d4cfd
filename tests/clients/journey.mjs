// What every client does: ask, subscribe, resume after a cursor, meet errors, and leave.

const FOLLOW = `subscription Follow($after: String) {
  workspaceEvents(after: $after, types: [CONTACT_CREATED]) {
    __typename
    ... on WorkspaceEvent { seq cursor type }
  }
}`;
const CREATE = `mutation Create($name: String!) {
  contactCreate(input: { name: $name }) { contact { id name } userErrors { code } }
}`;
const PATIENCE = 10_000;

/** `client` has `execute(query, variables)` and `subscribe(query, variables, sink)`, which returns how to leave. */
export async function journey(client, start) {
  const created = await client.execute(CREATE, { name: 'Ana' });
  const first = await firstEvent(client, start);
  await client.execute(CREATE, { name: 'Bia' });
  const resumed = await firstEvent(client, first.cursor);
  const refused = await end(client, FOLLOW, { after: 'nonsense' });
  const invalid = await end(client, 'subscription Wrong { workspaceEvents { nothing } }', {});
  return { created: created.contactCreate.contact.name, first, resumed, refused, invalid };
}

async function firstEvent(client, after) {
  let leave;
  const event = await within(
    new Promise((resolve, reject) => {
      leave = client.subscribe(FOLLOW, { after }, {
        next: (answer) => (answer.errors?.length ? reject(new Error(JSON.stringify(answer.errors))) : resolve(answer.data)),
        error: reject,
        complete: () => reject(new Error('completed before an event')),
      });
    }),
  );
  leave();
  return { ...event.workspaceEvents };
}

/** Return how an operation that fails ends: the code of its error, whichever way the client tells it. */
function end(client, query, variables) {
  return within(
    new Promise((resolve, reject) => {
      client.subscribe(query, variables, {
        next: (answer) => answer.errors?.length && resolve(codeOf(answer.errors)),
        error: (problem) => resolve(codeOf(problem)),
        complete: () => reject(new Error('completed without an error')),
      });
    }),
  );
}

function codeOf(problem) {
  const errors = Array.isArray(problem) ? problem : (problem.errors ?? problem.graphQLErrors);
  return errors?.[0]?.extensions?.code ?? String(problem);
}

export function within(promise, patience = PATIENCE) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error('waited too long')), patience);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
