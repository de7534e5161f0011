import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import golden from './goldens/r2gen.json' with { type: 'json' };
import real from './goldens/real.json' with { type: 'json' };
import { ParaphraseTable } from './meteor/paraphrases.ts';
import { PhraseNumbers } from './meteor/phrase-numbers.ts';
import { protocolNamed, protocols, protocolsWith, textAsSeen } from './protocols.ts';
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

test('a text is shown as each scorer of a protocol sees it', () => {
  const text = 'The Lungs are clear, no X-ray findings.';
  expect(textAsSeen(protocols.coco, text)).toEqual({
    cleaned: 'the lungs are clear no x-ray findings',
    words: {
      bleu: 'the lungs are clear no x-ray findings',
      rougeL: 'the lungs are clear no x-ray findings',
      cider: 'the lungs are clear no x-ray findings',
      meteor15: 'the lungs are clear no x ray findings',
    },
  });
  expect(textAsSeen(protocols.paper, text)).toEqual({
    cleaned: text,
    words: {
      sentenceBleuNltk: text,
      rougeScore: 'the lung are clear no x ray find',
      meteorNltk: 'the lungs are clear, no x-ray findings.',
    },
  });
});

test("the protocols take METEOR's own data", () => {
  const paraphrases = new ParaphraseTable(new PhraseNumbers(), new Int32Array(0));
  const names = protocolsWith({ paraphrases }).coco.scorers.flatMap(({ values }) => values);
  expect(names).toContain('METEOR-1.5');
  expect(protocols.coco.scorers.flatMap(({ values }) => values)).toContain('METEOR-1.5 (no paraphrases)');
});
