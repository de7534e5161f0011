/** Runs of any length: the same scores as all at once, and memory that does not grow. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Random } from '@llama-xr/core';
import { expect, test } from 'vitest';
import golden from './goldens/scorers.json' with { type: 'json' };
import { runProtocol } from './protocol-run.ts';
import { protocols } from './protocols.ts';
import { type Pair, scorePairs } from './scorer.ts';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** The texts that are kept start anew each 4,096; looks are taken at the same place of that cycle. */
const STEP = 4096;

function liveMegabytes(): number {
  collectGarbage();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return (heapUsed + arrayBuffers) / 2 ** 20;
}

const SENTENCES = [
  'The heart is normal in size.',
  'Lungs are clear.',
  'No pleural effusion or pneumothorax.',
  'A small left effusion is seen.',
  'There is cardiomegaly.',
  'Streaky opacity at the right base.',
  'Degenerative changes of the spine.',
  'Old rib fracture.',
  'Calcified granuloma in the right upper lobe.',
  'The mediastinum is within normal limits.',
  'No acute disease.',
  'A central line ends in the superior vena cava.',
];

/** Reports of which no two are alike. */
function* generated(count: number): Generator<Pair> {
  const random = new Random('protocol-run');
  const report = (mark: string) => [mark, ...random.shuffle(SENTENCES).slice(0, 5)].join(' ');
  for (let i = 0; i < count; i++) yield { prediction: report(`p${i}`), references: [report(`r${i}`)] };
}

test.each(Object.values(protocols))('$name: one by one as all at once', (protocol) => {
  const pairs = golden.pairs as Pair[];
  const run = runProtocol(
    protocol,
    pairs.map(({ references }) => references),
  );
  const items = pairs.map((pair) => run.add(pair));
  const cleaned = pairs.map(({ prediction, references }) => ({
    prediction: protocol.clean(prediction),
    references: references.map(protocol.clean),
  }));
  const corpus = run.corpus();
  for (const scorer of protocol.scorers) {
    const expected = scorePairs(scorer, cleaned);
    for (const name of scorer.values) {
      expect(corpus[name]).toBe(expected.corpus[name]);
      expect(items.map((item) => item[name])).toEqual([...(expected.perItem[name] ?? [])]);
    }
  }
});

test('live memory stays flat however many reports are scored', () => {
  const plain = { ...protocols.coco, scorers: protocols.plain.scorers, clean: (text: string) => text };
  const references = {
    *[Symbol.iterator]() {
      for (const pair of generated(2_000)) yield pair.references;
    },
  };
  const run = runProtocol(plain, references);
  const live: number[] = [];
  let scored = 0;
  for (const pair of generated(5 * STEP)) {
    run.add(pair);
    if (++scored % STEP === 0) live.push(liveMegabytes());
  }
  const [early = 0, ...later] = live;
  expect(later).toHaveLength(4);
  // Scores that stayed would show as 3 MB, texts that stayed as 10 MB.
  expect(Math.max(...later) - early).toBeLessThan(1);
});
