-- What one workspace holds, made by arithmetic alone, so that each run measures the same rows. The workspace and how much of
-- everything are settings of the session: peers.workspace, peers.members, peers.contacts.

CREATE OR REPLACE FUNCTION pg_temp.workspace() RETURNS uuid LANGUAGE sql STABLE
  AS $$ SELECT current_setting('peers.workspace')::uuid $$;

CREATE OR REPLACE FUNCTION pg_temp.key(kind text, number bigint) RETURNS uuid LANGUAGE sql STABLE
  AS $$ SELECT md5(kind || current_setting('peers.workspace') || number)::uuid $$;

CREATE OR REPLACE FUNCTION pg_temp.numbers(kind text) RETURNS SETOF bigint LANGUAGE sql STABLE
  AS $$ SELECT generate_series(1, current_setting('peers.' || kind)::bigint) $$;

INSERT INTO users (id, email, name, password_hash)
SELECT pg_temp.key('user', n), 'pessoa.' || n || '@' || pg_temp.workspace() || '.example', 'Pessoa ' || n, ''
FROM pg_temp.numbers('members') n;

INSERT INTO workspace_members (workspace_id, id, user_id, role, joined_at)
SELECT pg_temp.workspace(), pg_temp.key('member', n), pg_temp.key('user', n), 'member',
       timestamptz '2026-01-01' + n * interval '1 minute'
FROM pg_temp.numbers('members') n;

INSERT INTO member_settings (workspace_id, user_id)
SELECT pg_temp.workspace(), pg_temp.key('user', n) FROM pg_temp.numbers('members') n;

INSERT INTO sessions (id, user_id, workspace_id, ip, created_at, last_used_at, expires_at)
SELECT pg_temp.key('session', n), pg_temp.key('user', n), pg_temp.workspace(), '127.0.0.1', now(), now(),
       now() + interval '1 day'
FROM pg_temp.numbers('members') n;

INSERT INTO labels (workspace_id, id, name, color, position)
SELECT pg_temp.workspace(), pg_temp.key('label', n), 'Etiqueta ' || n, '#' || lpad(to_hex(n * 65537 % 16777216), 6, '0'), n
FROM generate_series(1, 200) n;

-- one in ten has no owner
INSERT INTO contacts (workspace_id, id, name, phone, email, company, position, custom, owner_id, lead_score, created_at,
                      updated_at)
SELECT pg_temp.workspace(), pg_temp.key('contact', n), 'Contato ' || n || ' ' || substr(md5(n::text), 1, 8),
       '+55119' || 50000000 + n, 'c' || n || '@correio.example', 'Empresa ' || n % 500, 'Compras',
       jsonb_build_object('cidade', (ARRAY['São Paulo', 'Recife', 'Belém'])[1 + n % 3], 'pontos', n * 31 % 100,
                          'vip', n % 17 = 0),
       CASE WHEN n % 10 > 0 THEN pg_temp.key('user', 1 + n % current_setting('peers.members')::bigint) END,
       n * 31 % 100, timestamptz '2026-01-01' + n * interval '137 seconds',
       timestamptz '2026-01-01' + n * interval '137 seconds'
FROM pg_temp.numbers('contacts') n;

INSERT INTO contact_identities (workspace_id, id, contact_id, kind, key, value)
SELECT pg_temp.workspace(), pg_temp.key('identity', n), pg_temp.key('contact', n), 'phone', '+55119' || 50000000 + n,
       '+55119' || 50000000 + n
FROM pg_temp.numbers('contacts') n;

-- none to four labels on each
INSERT INTO contact_labels (workspace_id, contact_id, label_id)
SELECT pg_temp.workspace(), pg_temp.key('contact', n), pg_temp.key('label', 1 + (n / 5 * 7 + k * 53) % 200)
FROM pg_temp.numbers('contacts') n, generate_series(0, 3) k WHERE k < n % 5;

-- none to four scores of each
INSERT INTO lead_scores (workspace_id, id, contact_id, score, recommendation, factors, reasons, provider, at)
SELECT pg_temp.workspace(), pg_temp.key('score', n * 4 + k), pg_temp.key('contact', n), (n + k * 13) % 100, 'warm', '{}',
       '{}', 'local', timestamptz '2026-01-01' + n * interval '137 seconds' + k * interval '1 hour'
FROM pg_temp.numbers('contacts') n, generate_series(0, 3) k WHERE k < (n / 5) % 5;
