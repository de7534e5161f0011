/** A BERT and a CheXbert with random weights (reference/text_models.py) against transformers and bert_score. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import golden from './goldens/text-models.json' with { type: 'json' };
import { CONDITIONS, openChexbert, openTextEncoder, readRadgraph, TokenVectorStore } from './index.ts';

const GOLDENS = join(import.meta.dirname, 'goldens');
const BERT = { model: join(GOLDENS, 'bert.onnx'), tokenizer: GOLDENS, threads: 1 };
const CHEXBERT = { ...BERT, model: join(GOLDENS, 'chexbert.onnx') };
const folder = mkdtempSync(join(tmpdir(), 'llama-xr-text-models-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('text encoder', () => {
  test('ids and hidden states are those of transformers', async () => {
    await using encoder = await openTextEncoder(BERT);
    const encoded = await encoder.encode(golden.texts);
    expect(encoded.map(({ ids }) => ids)).toEqual(golden.ids);
    const width = golden.hiddenState.length;
    golden.hiddenState.forEach((value, e) => {
      expect(encoded[1]?.values[3 * width + e]).toBeCloseTo(value, 4);
    });
  });

  test('the batch that a text is in does not change it', async () => {
    await using one = await openTextEncoder({ ...BERT, batch: 1 });
    await using all = await openTextEncoder({ ...BERT, batch: 8 });
    const [alone, together] = [await one.encode(golden.texts), await all.encode(golden.texts)];
    alone.forEach(({ values }, i) => {
      expect(together[i]?.values).toHaveLength(values.length);
      for (const [k, value] of values.entries()) expect(together[i]?.values[k]).toBeCloseTo(value, 4);
    });
  });

  test('a long text keeps its closing token', async () => {
    await using encoder = await openTextEncoder({ ...BERT, maxTokens: 6 });
    const [long] = await encoder.encode([golden.texts[0] as string]);
    expect(long?.ids).toEqual([...(golden.ids[0] as number[]).slice(0, 5), golden.ids[0]?.at(-1)]);
  });

  test('what is no encoder is refused', async () => {
    await expect(openTextEncoder({ ...BERT, output: 'pooled' })).rejects.toThrow(/expected an output pooled/);
    await expect(openTextEncoder({ ...BERT, model: join(folder, 'none') })).rejects.toThrow(/no such file/);
    const odd = join(folder, 'tokenizer.json');
    writeFileSync(odd, '{"model": {"type": "Nothing"}}');
    await expect(openTextEncoder({ ...BERT, tokenizer: odd })).rejects.toThrow(/expected a tokenizer/);
  });
});

test('vectors have length 1, and only those prepared can be asked for', async () => {
  await using encoder = await openTextEncoder(BERT);
  const store = new TokenVectorStore(encoder);
  await store.prepare(golden.texts);
  const { ids, isSpecial, vectors } = store.of(golden.texts[3] as string);
  const width = vectors.length / ids.length;
  for (let t = 0; t < ids.length; t++)
    expect(Math.hypot(...vectors.subarray(t * width, (t + 1) * width))).toBeCloseTo(1, 5);
  expect(isSpecial.flatMap((special, t) => (special ? [t] : []))).toEqual([0, ids.length - 1]);
  await store.prepare(['another']);
  expect(() => store.of(golden.texts[3] as string)).toThrow(/not prepared/);
});

test('CheXbert gives the classes of its heads as labels', async () => {
  await using labeler = await openChexbert(CHEXBERT);
  const labels = await labeler.labels(golden.texts);
  const meaning = [null, 1, 0, -1];
  golden.chexbertClasses.forEach((classes, i) => {
    expect(Object.values(labels[i] ?? {}), golden.texts[i]).toEqual(classes.map((c) => meaning[c]));
  });
  expect(Object.keys(labels[0] ?? {})).toEqual([...CONDITIONS]);
});

test('a model with other heads is not taken for CheXbert', async () => {
  await using other = await openChexbert(BERT);
  await expect(other.labels(['the heart'])).rejects.toThrow(/expected 54 logits a report/);
});

describe('RadGraph', () => {
  const write = (content: unknown): string => {
    const path = join(folder, 'radgraph.json');
    writeFileSync(path, JSON.stringify(content));
    return path;
  };
  const entity = (label: string, start: number, end: number, relations: [string, string][] = []) => ({
    tokens: 'not read',
    label,
    start_ix: start,
    end_ix: end,
    relations,
  });
  const report = {
    text: 'No pleural effusion . Heart may be enlarged .',
    entities: {
      1: entity('Anatomy::definitely present', 1, 1),
      2: entity('Observation::definitely absent', 2, 2, [['located_at', '1']]),
      3: entity('ANAT-DP', 4, 4),
      5: entity('Observation::measurement::uncertain', 6, 6),
      4: entity('OBS-U', 5, 7, [['located_at', '3']]),
    },
    data_source: null,
  };

  test('its entities and relations come as a graph', async () => {
    const graph = (await readRadgraph(write({ 0: report }))).get('0');
    expect(graph?.entities).toEqual([
      { text: 'pleural', kind: 'anatomy', certainty: 'present', start: 3, end: 10 },
      { text: 'effusion', kind: 'observation', certainty: 'absent', start: 11, end: 19 },
      { text: 'Heart', kind: 'anatomy', certainty: 'present', start: 22, end: 27 },
      { text: 'may be enlarged', kind: 'observation', certainty: 'uncertain', start: 28, end: 43 },
      { text: 'be', kind: 'observation', certainty: 'uncertain', start: 32, end: 34 },
    ]);
    expect(graph?.relations).toEqual([
      { from: 1, to: 0, kind: 'located_at' },
      { from: 3, to: 2, kind: 'located_at' },
    ]);
  });

  test.each([
    ['an unknown label', entity('OBS', 0, 0), /0\.entities\.1\.label: unknown label/],
    ['a token past the end', entity('OBS-DP', 0, 99), /entity 1: expected a token below 9, got 99/],
    [
      'a relation to nothing',
      entity('OBS-DP', 0, 0, [['modify', '7']]),
      /expected a relation to an entity, got 7/,
    ],
  ])('%s is refused', async (_, odd, message) => {
    await expect(readRadgraph(write({ 0: { ...report, entities: { 1: odd } } }))).rejects.toThrow(message);
  });
});
