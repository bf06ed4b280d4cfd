// What the servers on Node ask of the database: one statement for each list, prepared by name, in one workspace.

import { randomUUID } from 'node:crypto';
import pg from 'pg';

const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: Number(process.env.POOL) });
const workspace = process.env.WORKSPACE;

const CONTACT = `id, name, phone, email, company, position, lead_score AS "leadScore", custom AS "customFields",
  contacts.created_at AS "createdAt", updated_at AS "updatedAt", owner_id AS "ownerId"`;

async function rows(name, text, ...values) {
  return (await pool.query({ name, text, values: [workspace, ...values] })).rows;
}

function grouped(keys, found) {
  const groups = new Map(keys.map((key) => [key, []]));
  for (const row of found) groups.get(row.parent).push(row);
  return keys.map((key) => groups.get(key));
}

export async function contact(id) {
  const [found] = await rows('contact', `SELECT ${CONTACT} FROM contacts WHERE workspace_id = $1 AND id = $2`, id);
  return found ?? null;
}

export function contacts(first, after) {
  return rows(
    'contacts',
    `SELECT ${CONTACT} FROM contacts WHERE workspace_id = $1 AND archived_at IS NULL AND created_at > $3
     ORDER BY created_at, id LIMIT $2`,
    first,
    after,
  );
}

export function labelsAfter(first, after) {
  return rows(
    'labelsAfter',
    'SELECT id, name, color FROM labels WHERE workspace_id = $1 AND position > $3 ORDER BY position, id LIMIT $2',
    first,
    Number(after),
  );
}

export async function users(ids) {
  const unique = [...new Set(ids)];
  const found = await rows(
    'users',
    `SELECT u.id, u.name, u.email FROM users u JOIN workspace_members m ON m.user_id = u.id
     WHERE m.workspace_id = $1 AND u.id = ANY($2)`,
    unique,
  );
  const byId = new Map(found.map((row) => [row.id, row]));
  return ids.map((id) => byId.get(id) ?? null);
}

export async function labels(contactIds) {
  const found = await rows(
    'labels',
    `SELECT l.id, l.name, l.color, c.contact_id AS parent
     FROM contact_labels c JOIN labels l ON l.workspace_id = c.workspace_id AND l.id = c.label_id
     WHERE c.workspace_id = $1 AND c.contact_id = ANY($2) ORDER BY l.position, l.id`,
    contactIds,
  );
  return grouped(contactIds, found);
}

export async function leadScores(contactIds, last) {
  const found = await rows(
    'leadScores',
    `SELECT s.* FROM unnest($2::uuid[]) AS asked(id) CROSS JOIN LATERAL (
       SELECT score, provider, at, contact_id AS parent FROM lead_scores
       WHERE workspace_id = $1 AND contact_id = asked.id ORDER BY at DESC, id DESC LIMIT $3) s`,
    contactIds,
    last,
  );
  return grouped(contactIds, found);
}

export async function contactsOf(labelIds, first) {
  const found = await rows(
    'contactsOf',
    `SELECT c.* FROM unnest($2::uuid[]) AS asked(id) CROSS JOIN LATERAL (
       SELECT ${CONTACT}, asked.id AS parent
       FROM contacts JOIN contact_labels l ON l.workspace_id = contacts.workspace_id AND l.contact_id = contacts.id
       WHERE l.workspace_id = $1 AND l.label_id = asked.id AND archived_at IS NULL
       ORDER BY contacts.created_at, id LIMIT $3) c`,
    labelIds,
    first,
  );
  return grouped(labelIds, found);
}

export async function create({ name, phone, email, company }) {
  const [made] = await rows(
    'create',
    `INSERT INTO contacts (workspace_id, id, name, phone, email, company) VALUES ($1, $2, $3, $4, $5, $6)
     RETURNING ${CONTACT}`,
    randomUUID(),
    name,
    phone,
    email,
    company,
  );
  return made;
}
