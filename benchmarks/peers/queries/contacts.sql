-- first after
SELECT json_build_object('contacts', json_build_object('nodes', coalesce(json_agg(row_to_json(shown)), '[]')))::text
FROM (
  SELECT c.id, c.name, c.phone, c.email, c.company, c.lead_score AS "leadScore", c.custom AS "customFields",
         c.created_at AS "createdAt", l.labels, o.owner, s."leadScores"
  FROM (
    SELECT * FROM contacts
    WHERE workspace_id = $1 AND archived_at IS NULL AND created_at > $3::text::timestamptz
    ORDER BY created_at, id LIMIT $2::int
  ) c
  LEFT JOIN LATERAL (
    SELECT coalesce(json_agg(json_build_object('id', l.id, 'name', l.name, 'color', l.color)
                             ORDER BY l.position, l.id), '[]') AS labels
    FROM contact_labels cl JOIN labels l ON l.workspace_id = $1 AND l.id = cl.label_id
    WHERE cl.workspace_id = $1 AND cl.contact_id = c.id
  ) l ON true
  LEFT JOIN LATERAL (
    SELECT json_build_object('id', u.id, 'name', u.name, 'email', u.email) AS owner
    FROM users u WHERE u.id = c.owner_id
  ) o ON true
  LEFT JOIN LATERAL (
    SELECT coalesce(json_agg(json_build_object('score', s.score, 'provider', s.provider, 'at', s.at)), '[]')
           AS "leadScores"
    FROM (
      SELECT * FROM lead_scores WHERE workspace_id = $1 AND contact_id = c.id ORDER BY at DESC, id DESC LIMIT 3
    ) s
  ) s ON true
  ORDER BY c.created_at, c.id
) shown
