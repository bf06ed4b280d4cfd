-- id
SELECT json_build_object('contact', (
  SELECT row_to_json(shown) FROM (
    SELECT id, name, phone, email, company, position, lead_score AS "leadScore", custom AS "customFields",
           created_at AS "createdAt", updated_at AS "updatedAt"
    FROM contacts WHERE workspace_id = $1 AND id = $2::text::uuid
  ) shown
))::text
