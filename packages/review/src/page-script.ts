/**
 * The script of the review page, as one text. In a checkout it is put together from page/*.ts: types stripped, imports
 * of one another dropped, all in one function. The published package has it beside its own code (scripts/pack.ts).
 */
import { existsSync, readFileSync } from 'node:fs';
import module from 'node:module';
import { join } from 'node:path';

/** In the order of their imports. */
const FILES = ['elements.ts', 'answers.ts', 'report-text.ts', 'report-card.ts', 'main.ts'];

export const BUILT_SCRIPT = 'review-page.js';

export function pageScript(): string {
  const built = join(import.meta.dirname, BUILT_SCRIPT);
  return existsSync(built) ? readFileSync(built, 'utf8') : assemblePageScript();
}

/** From the sources; for pageScript and for whoever publishes it. */
export function assemblePageScript(): string {
  const parts = FILES.map((file) => {
    const source = readFileSync(join(import.meta.dirname, '../page', file), 'utf8');
    return withoutTypes(source)
      .replace(/^import [^;]*;$/gm, '')
      .replace(/^export /gm, '');
  });
  return `'use strict';\n(() => {\n${parts.join('\n')}\n})();\n`;
}

/** Node warns that this function may change; that is for us, not for whoever makes a pack. */
function withoutTypes(source: string): string {
  const { emitWarning } = process;
  process.emitWarning = () => {};
  try {
    return module.stripTypeScriptTypes(source);
  } finally {
    process.emitWarning = emitWarning;
  }
}
