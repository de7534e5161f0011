import { expect, test } from 'vitest';
import { createBpeTokenizer } from '../tokenizer/byte-bpe.ts';
import { trainByteBpe } from '../tokenizer/train-byte-bpe.ts';
import { encodeExample } from './encode-example.ts';
import { spanWeights, tokenSpans } from './token-spans.ts';

const TEXTS = ['Small left effusion.', 'No effusion. The heart is large.', 'Effusion grows.'];
const tokenizer = createBpeTokenizer(trainByteBpe(TEXTS, 300));

test.each(['Small left effusion.', 'Größe 12 ≥ 3 mm, e\u0301.', ''])(
  'the spans of the tokens of "%s" are its text',
  (text) => {
    const ids = tokenizer.encode(text);
    const spans = tokenSpans(tokenizer, ids);
    expect(spans).toHaveLength(ids.length);
    expect(spans.at(-1)?.end ?? 0).toBe(text.length);
    for (const [i, { start }] of spans.entries()) expect(start).toBe(spans[i - 1]?.end ?? 0);
  },
);

test('tokens of emphasised words weigh more, whatever stands around them', () => {
  const response = ' Small left effusion.';
  const prompt = { segments: [{ text: 'Q', control: false }], response };
  const start = response.indexOf('effusion');
  const emphasis = { spans: [{ start, end: start + 8 }], weight: 3 };
  const example = encodeExample(tokenizer, prompt, { maxTokens: 64, loss: 'all', emphasis });
  const { tokens, lossFrom, responseFrom, tokenWeights = new Float32Array() } = example;
  expect(tokenWeights).toHaveLength(tokens.length - lossFrom);
  const weighty = [...tokens].filter((_, i) => i >= lossFrom && tokenWeights[i - lossFrom] === 3);
  expect(tokenizer.decode(weighty).trim()).toBe('effusion');
  expect(tokenWeights.filter((weight) => weight !== 1 && weight !== 3)).toHaveLength(0);
  const cut = encodeExample(tokenizer, prompt, { maxTokens: responseFrom + 1, loss: 'response', emphasis });
  expect(cut.tokenWeights).toEqual(Float32Array.of(1));
  expect(encodeExample(tokenizer, prompt, { maxTokens: 64, loss: 'all' }).tokenWeights).toBeUndefined();
});

test('a token at the border of a span belongs to the words that it has a character of', () => {
  const tokens = [
    { start: 0, end: 3 },
    { start: 3, end: 5 },
    { start: 5, end: 5 },
  ];
  expect(spanWeights(tokens, [{ start: 2, end: 3 }], 2)).toEqual(Float32Array.of(2, 1, 1));
});
