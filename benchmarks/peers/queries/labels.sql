-- label
SELECT json_build_object('labels', json_build_object('nodes', coalesce(json_agg(row_to_json(shown)), '[]')))::text
FROM (
  SELECT l.id, l.name, l.color, json_build_object('nodes', c.nodes) AS contacts
  FROM (
    SELECT * FROM labels WHERE workspace_id = $1 AND position > $2::text::int ORDER BY position, id LIMIT 20
  ) l
  LEFT JOIN LATERAL (
    SELECT coalesce(json_agg(row_to_json(n)), '[]') AS nodes
    FROM (
      SELECT c.id, c.name, c.phone, c.email
      FROM contact_labels k JOIN contacts c ON c.workspace_id = $1 AND c.id = k.contact_id
      WHERE k.workspace_id = $1 AND k.label_id = l.id AND c.archived_at IS NULL
      ORDER BY c.created_at, c.id LIMIT 20
    ) n
  ) c ON true
  ORDER BY l.position, l.id
) shown
