-- member
SELECT json_build_object('users', json_build_object('nodes', coalesce(json_agg(row_to_json(shown)), '[]')))::text
FROM (
  SELECT m.id, m.joined_at AS "joinedAt", json_build_object('id', u.id, 'name', u.name, 'email', u.email) AS "user",
         json_build_object('nodes', c.nodes) AS contacts
  FROM (
    SELECT * FROM workspace_members
    WHERE workspace_id = $1 AND joined_at > $2::text::timestamptz
    ORDER BY joined_at, id LIMIT 20
  ) m
  JOIN users u ON u.id = m.user_id
  LEFT JOIN LATERAL (
    SELECT coalesce(json_agg(row_to_json(n)), '[]') AS nodes
    FROM (
      SELECT id, name, phone, email FROM contacts
      WHERE workspace_id = $1 AND owner_id = m.user_id AND archived_at IS NULL
      ORDER BY created_at, id LIMIT 20
    ) n
  ) c ON true
  ORDER BY m.joined_at, m.id
) shown
