import { expect, test } from 'vitest';
import { Consensus } from './consensus.ts';
import { scorePairs } from './scorer.ts';
import { cider } from './scorers/cider.ts';
import { rougeL } from './scorers/rouge-l.ts';

const corpus = [
  'the heart is mildly enlarged and the lungs are clear',
  'the heart is enlarged without effusion',
  'small left pleural effusion and the heart is normal',
  'no focal consolidation pneumothorax or effusion',
];

test('the gain is ROUGE-L plus a quarter of CIDEr-D over the corpus', () => {
  const consensus = new Consensus(corpus);
  const draft = 'the heart is enlarged and the lungs are clear';
  const run = cider.over(corpus.map((text) => [text]));
  const [inCorpus] = run.add({ prediction: draft, references: [corpus[0] as string] });
  const rouge = scorePairs(rougeL, [{ prediction: draft, references: [corpus[0] as string] }]).corpus[
    'ROUGE-L'
  ];
  const gain = consensus.agreement(draft, [{ text: corpus[0] as string, weight: 3 }]);
  expect(gain).toBeCloseTo((rouge as number) + (inCorpus as number) / 4, 12);
});

test('a draft that the weighty neighbours would have written is chosen, case and punctuation apart', () => {
  const consensus = new Consensus(corpus);
  const drafts = ['No acute disease.', 'The heart is enlarged, without effusion.', 'Left pleural effusion.'];
  const neighbours = (a: number, b: number) => [
    { text: corpus[1] as string, weight: a },
    { text: corpus[2] as string, weight: b },
  ];
  expect(consensus.choose(drafts, neighbours(1, 0.1))).toBe(1);
  expect(consensus.choose(drafts, neighbours(0.1, 1))).toBe(2);
  expect(consensus.choose(drafts, [])).toBe(0);
});

test('a copy of a neighbour is not judged by the one it copies', () => {
  const consensus = new Consensus(corpus);
  const neighbours = corpus.map((text) => ({ text, weight: 1 }));
  const others = neighbours.slice(1);
  expect(consensus.agreement(corpus[0] as string, neighbours)).toBe(
    consensus.agreement(corpus[0] as string, others),
  );
});
