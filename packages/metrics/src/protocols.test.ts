import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import golden from './goldens/r2gen.json' with { type: 'json' };
import real from './goldens/real.json' with { type: 'json' };
import { protocolNamed, protocols } from './protocols.ts';
import { cleanR2gen } from './r2gen.ts';
import { scorePairs } from './scorer.ts';

const DATA = process.env.LLAMA_XR_DATA;

test('r2gen cleans as R2Gen does', () => {
  golden.texts.forEach((text, i) => {
    expect(cleanR2gen(text), JSON.stringify(text)).toBe(golden.cleaned[i]);
  });
});

test('each protocol cleans in its own way', () => {
  const text = "The heart isn't enlarged (2.5 cm), x-ray..  Stable.";
  expect(protocols.plain.clean(text)).toBe(text);
  expect(protocols.paper.clean(text)).toBe(text);
  expect(protocols.coco.clean(text)).toBe("the heart is n't enlarged -lrb- 2.5 cm -rrb- x-ray stable");
  expect(protocols.r2gen.clean(text)).toBe('the heart isnt enlarged 25 cm x-ray . stable .');
  expect(protocols.alnum.clean(text)).toBe('the heart isn t enlarged 2 5 cm x ray stable');
});

test.skipIf(!DATA)('on real findings each equals its reference (needs LLAMA_XR_DATA)', () => {
  const studies = readFileSync(join(DATA as string, 'iu-xray/studies.jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { r2gen_split?: string; r2gen_report: string });
  const train = studies.filter((s) => s.r2gen_split === 'train').map((s) => s.r2gen_report);
  const val = studies.filter((s) => s.r2gen_split === 'val').map((s) => s.r2gen_report);
  for (const name of ['plain', 'coco', 'r2gen', 'paper'] as const) {
    const { clean, scorers } = protocols[name];
    const pairs = val.map((text, i) => ({
      prediction: clean(train[(7 * i) % train.length] as string),
      references: [clean(text)],
    }));
    for (const scorer of scorers.filter(({ name }) => name !== 'meteor15')) {
      for (const [score, value] of Object.entries(scorePairs(scorer, pairs).corpus))
        expect(value, `${name} ${score}`).toBeCloseTo(
          (real[name] as Record<string, number>)[score] as number,
          9,
        );
    }
  }
});

test('an unknown protocol is refused by name', () => {
  expect(() => protocolNamed('bleurt')).toThrow(
    /expected one of plain, coco, r2gen, alnum, paper, got bleurt/,
  );
  expect(() => protocolNamed('toString')).toThrow(/got toString/);
});
