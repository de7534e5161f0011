import type { Study } from '@llama-xr/dataset';
import { createBpeTokenizer, type SoftInput, trainByteBpe } from '@llama-xr/llama';
import { type Example, parseRecipe } from '@llama-xr/train';
import { expect, test } from 'vitest';
import { Drafting } from './drafting.ts';

const REPORTS = [
  ['normal', 'The lungs are clear. No pleural effusion.'],
  ['Pleural Effusion/left/small', 'There is a small left pleural effusion. No pneumothorax.'],
  ['Cardiomegaly', 'The heart is enlarged. The lungs are clear.'],
] as const;

const study = (id: number, kind: number): Study => {
  const [tag, report] = REPORTS[kind] as (typeof REPORTS)[number];
  return {
    id: `s${id}`,
    patient: `p${id}`,
    split: 'train',
    views: [],
    findings: report,
    impression: '',
    report,
    tags: [tag],
    abnormal: kind > 0,
  };
};

/** Eleven normal studies, one with an effusion, four with a large heart. */
const train = Array.from({ length: 16 }, (_, i) => study(i, i < 11 ? 0 : i === 12 ? 1 : 2));
const tokenizer = createBpeTokenizer(
  trainByteBpe(
    REPORTS.map(([, report]) => report),
    300,
  ),
);

function trainingData(fields: object) {
  const recipe = parseRecipe({ name: 'test', passes: 2, ...fields }, 'test');
  return new Drafting({ recipe, tokenizer, findings: 'mesh', train }).trainingData(train.slice(10, 14));
}

test('rare findings are visited more often where the recipe asks for it, and not otherwise', () => {
  const visits = (fields: object) =>
    trainingData(fields).passes.map((pass) => pass.filter(({ id }) => id === 's12').length);
  expect(visits({})).toEqual([1, 1]);
  expect(visits({ rareFindings: 0.25 })).toEqual([2, 2]);
  expect(trainingData({ rareFindings: 0.25 }).passes[0]).toHaveLength(17);
});

test('words that state a finding weigh more in training, denials and val do not', () => {
  const { passes, val } = trainingData({ findingWeight: 3 });
  const weighty = (id: string) => {
    const example = passes[0]?.find((e) => e.id === id);
    const { tokens = new Int32Array(), lossFrom = 0, tokenWeights } = example ?? {};
    return tokenizer.decode(
      [...tokens].filter((_, i) => i >= lossFrom && tokenWeights?.[i - lossFrom] === 3),
    );
  };
  expect(weighty('s12')).toMatch(/effusion/);
  expect(weighty('s12')).not.toMatch(/pneumothorax|There/);
  expect(weighty('s0')).toBe('');
  expect(val.every(({ tokenWeights }) => tokenWeights === undefined)).toBe(true);
  expect(
    trainingData({})
      .passes.flat()
      .every(({ tokenWeights }) => tokenWeights === undefined),
  ).toBe(true);
});

test('a share of the training prompts tells nothing, guided drafts have such a prompt beside theirs, val has none', () => {
  const { passes, val } = trainingData({ promptDropout: 0.5 });
  const prompt = ({ tokens, responseFrom = 0 }: Example) =>
    tokenizer.decode([...tokens.slice(0, responseFrom)]);
  const silent = passes.flat().filter((example) => !prompt(example).includes('Findings:'));
  expect(silent.length).toBeGreaterThan(8);
  expect(silent.length).toBeLessThan(24);
  expect(silent.every(({ told, stated }) => told === undefined && stated === undefined)).toBe(true);
  expect(val.every((example) => prompt(example).includes('Findings:'))).toBe(true);
  const recipe = parseRecipe({ name: 'test', decoding: { guidance: 2 } }, 'test');
  const [guided] = new Drafting({ recipe, tokenizer, findings: 'mesh', train }).prompts(train[12] as Study);
  expect(guided?.contrast?.tokens).toEqual([...(silent[0]?.tokens.slice(0, silent[0].responseFrom) ?? [])]);
  expect(guided?.tokens).not.toEqual(guided?.contrast?.tokens);
});

test('examples know what they tell and state, and drafts that state the same are not rejected', () => {
  const recipe = parseRecipe({ name: 'test' }, 'test');
  const rejected = new Map([
    ['s12', 'The lungs are clear.'],
    ['s13', 'The heart is large.'],
  ]);
  const { passes } = new Drafting({ recipe, tokenizer, findings: 'mesh', train, rejected }).trainingData([]);
  const find = (id: string) => passes[0]?.find((example) => example.id === id);
  expect(find('s0')).toMatchObject({ told: '', stated: '' });
  expect(find('s12')).toMatchObject({ told: 'pleural effusion', stated: 'pleural effusion' });
  expect(tokenizer.decode([...(find('s12')?.rejected ?? [])])).toContain('The lungs are clear.');
  expect(find('s13')?.rejected).toBeUndefined();
});

test('a prompt by sight has the features of its study behind its placeholders, and none where it is withheld', () => {
  const fields = { fusion: 'hybrid', visual: { pooled: true, grid: 0 }, passes: 1 };
  const recipe = parseRecipe({ name: 'test', ...fields, decoding: { guidance: 2 } }, 'test');
  const seen = new Map(
    train.map(({ id }, i) => [id, { features: Float32Array.of(i, -i), present: Uint8Array.of(1, 1) }]),
  );
  const images = { of: ({ id }: { id: string }) => seen.get(id) as SoftInput };
  const drafting = new Drafting({ recipe, tokenizer, findings: 'mesh', train, images });
  const [first] = drafting.prompts(train[3] as Study);
  const { from = 0, features, present } = first?.soft ?? {};
  expect([features, present]).toEqual([Float32Array.of(3, -3), Uint8Array.of(1, 1)]);
  expect(first?.tokens.slice(from, from + 2)).toEqual([0, 0]);
  expect(tokenizer.decode(first?.tokens.slice(0, from) ?? [])).toBe('Images:');
  expect(first?.contrast?.soft).toMatchObject({
    present: Uint8Array.of(0, 0),
    features: new Float32Array(2),
  });
  const own = { features: Float32Array.of(7, 8), present: Uint8Array.of(1, 0) };
  expect(drafting.prompts(train[3] as Study, 'mesh', own)[0]?.soft).toEqual({ from, ...own });
  const { passes } = drafting.trainingData([]);
  for (const { id, soft, tokens } of passes.flat()) {
    expect(soft?.features).toBe(seen.get(id)?.features);
    expect([...tokens.subarray(soft?.from, (soft?.from ?? 0) + 2)]).toEqual([0, 0]);
  }
  const blind = new Drafting({ recipe, tokenizer, findings: 'mesh', train });
  expect(() => blind.prompts(train[3] as Study)).toThrow(/study s3: expected the features of its images/);
});
