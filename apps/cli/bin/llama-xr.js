#!/usr/bin/env node
// Plain JavaScript, so that an old Node can read it and say what to do. In a checkout it runs the TypeScript sources,
// in the published package the JavaScript emitted from them.
import { existsSync } from 'node:fs';

const sources = new URL('../src/main.ts', import.meta.url);
const emitted = new URL('../../../dist/main.js', import.meta.url);
const major = Number(process.versions.node.split('.')[0]);

if (major < 24) {
  console.error(
    `llama-xr needs Node 24 or newer; this is ${process.version}.\n` +
      'The right one came with the package: run `npx llama-xr ...` or `npm run demo` instead of `node`.',
  );
  process.exit(69);
}
const { main } = await import((existsSync(sources) ? sources : emitted).href);
await main(process.argv);
