/** BERTScore over packages: vectors of a model with random weights, compared as bert_score 0.3.13 compares them. */
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { bertScore, scorePairs } from '../packages/metrics/src/index.ts';
import golden from '../packages/text-models/src/goldens/text-models.json' with { type: 'json' };
import { openTextEncoder, TokenVectorStore } from '../packages/text-models/src/index.ts';

const GOLDENS = join(import.meta.dirname, '../packages/text-models/src/goldens');
const MODEL = { model: join(GOLDENS, 'bert.onnx'), tokenizer: GOLDENS, threads: 1 };
const VALUES = ['BERTScore-P', 'BERTScore-R', 'BERTScore-F1'];

async function prepared(): Promise<TokenVectorStore> {
  await using encoder = await openTextEncoder(MODEL);
  const store = new TokenVectorStore(encoder);
  await store.prepare(golden.texts);
  return store;
}

test.each([
  ['every token alike', false, golden.bertScore],
  ['rare tokens first', true, golden.bertScoreIdf],
])('%s: precision, recall and F1 equal bert_score pair by pair', async (_, idf, expected) => {
  const { of } = await prepared();
  const { perItem, corpus } = scorePairs(bertScore(of, { idf }), golden.pairs);
  VALUES.forEach((name, v) => {
    expected.forEach((values, i) => {
      expect(perItem[name]?.[i], `${name}, pair ${i}`).toBeCloseTo(values[v] as number, 5);
    });
    const mean = expected.reduce((sum, values) => sum + (values[v] as number), 0) / expected.length;
    expect(corpus[name]).toBeCloseTo(mean, 5);
  });
});

test('with a baseline the scores are rescaled', async () => {
  const { of } = await prepared();
  const plain = scorePairs(bertScore(of), golden.pairs).corpus;
  const rescaled = scorePairs(bertScore(of, { baseline: [0.3, 0.4, 0.5] }), golden.pairs).corpus;
  VALUES.forEach((name, v) => {
    const base = [0.3, 0.4, 0.5][v] as number;
    expect(rescaled[name]).toBeCloseTo(((plain[name] as number) - base) / (1 - base), 9);
  });
});
