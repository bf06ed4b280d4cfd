import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { defineConfig } from 'vite';

const WORTH_BYTES = 1024;
const compress = promisify(gzip);

/** Put a gzip of each file beside it: the server sends that to whoever accepts it, without work of its own. */
function gzipped() {
  let folder;
  return {
    name: 'gzipped',
    apply: 'build',
    configResolved: (config) => {
      folder = join(config.root, config.build.outDir, config.build.assetsDir);
    },
    closeBundle: async () => {
      for (const name of await readdir(folder)) {
        const content = await readFile(join(folder, name));
        if (content.length > WORTH_BYTES) await writeFile(join(folder, `${name}.gz`), await compress(content, { level: 9 }));
      }
    },
  };
}

export default defineConfig({
  base: '/explorer/', // where the server mounts the files; the page itself is at /graphql
  publicDir: false,
  plugins: [gzipped()],
  worker: { format: 'es' },
  build: {
    target: 'es2022',
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 5000,
    rolldownOptions: {
      onLog: (level, log, next) => log.code === 'MODULE_LEVEL_DIRECTIVE' || next(level, log), // '"use client" ignored'
    },
  },
});
