#!/usr/bin/env node
// Plain JavaScript, so that an old Node can read it and say what to do. In a checkout it runs the TypeScript sources,
// in the published package the JavaScript emitted from them.
import { existsSync } from 'node:fs';
import * as module from 'node:module';

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
// Compiled code is kept for the next start, as Python keeps its .pyc: half of the time to the first word.
module.enableCompileCache?.();
const { main } = await import((existsSync(sources) ? sources : emitted).href);
await main(process.argv);
