import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { sha256 } from '@llama-xr/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import golden from '../goldens/ptb.json' with { type: 'json' };
import real from '../goldens/real.json' with { type: 'json' };
import { tokenizePtb } from './ptb-tokenizer.ts';

const DATA = process.env.LLAMA_XR_DATA;

test('hundreds of odd strings come out as from pycocoevalcap', () => {
  golden.texts.forEach((text, i) => {
    expect(tokenizePtb(text).join(' '), JSON.stringify(text)).toBe(golden.tokens[i]);
  });
});

test.skipIf(!DATA)(
  'every text of the IU reports comes out as from pycocoevalcap (needs LLAMA_XR_DATA)',
  () => {
    const fields = ['findings', 'impression', 'indication', 'comparison'] as const;
    const texts = readFileSync(join(DATA as string, 'iu-xray/studies.jsonl'), 'utf8')
      .trimEnd()
      .split('\n')
      .flatMap((line) => {
        const study = JSON.parse(line) as Partial<Record<(typeof fields)[number], string>>;
        return fields.map((field) => study[field]).filter((text) => text);
      }) as string[];
    expect(texts).toHaveLength(real.ptb.texts);
    expect(sha256(texts.map((text) => tokenizePtb(text).join(' ')).join('\n'))).toBe(real.ptb.sha256);
  },
);

test('any text is read to its end, in lower case, without spaces in a token', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 60 }), (text) => {
      for (const token of tokenizePtb(text)) {
        expect(token).not.toBe('');
        expect(token).toBe(token.toLowerCase());
        expect(token).not.toMatch(/[ \n]/);
      }
    }),
  );
});

test('long hostile runs are tokenized in bounded time', () => {
  for (const run of [
    'a',
    'a.',
    'a-',
    "a'",
    '1-',
    '<a ',
    '&',
    '.,-',
    'a@',
    '(1',
    '$A',
    '1/1/',
    'a.b@',
    '<a b="',
    'Http://',
  ]) {
    const before = process.cpuUsage();
    tokenizePtb(run.repeat(2_000));
    expect(process.cpuUsage(before).user / 1000, run).toBeLessThan(4_000); // ms of work, however busy the machine
  }
});
