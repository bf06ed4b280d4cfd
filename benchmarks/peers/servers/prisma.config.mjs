// Only for `prisma generate`, which reads the schema and asks no database.

import { defineConfig } from 'prisma/config';

export default defineConfig({ schema: 'schema.prisma', datasource: { url: 'postgresql://localhost/none' } });
