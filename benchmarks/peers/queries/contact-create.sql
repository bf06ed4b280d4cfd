-- input.name input.phone input.email input.company
WITH made AS (
  INSERT INTO contacts (workspace_id, id, name, phone, email, company)
  VALUES ($1, gen_random_uuid(), $2, $3, $4, $5)
  RETURNING id, name, phone, email, company, created_at AS "createdAt"
)
SELECT json_build_object('contactCreate', json_build_object('contact', row_to_json(made)))::text FROM made
