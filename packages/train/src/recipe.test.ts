import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parseRecipe, readRecipe, recipeHash } from './index.ts';

const RECIPES = join(import.meta.dirname, '../../../recipes');

const hash = (fields: object) => recipeHash(parseRecipe({ name: 'x', ...fields }, 'x'));

test('a recipe hash knows what changes training and nothing else', () => {
  expect(hash({ passes: 3, description: 'words', decoding: { guidance: 2 } })).toBe(hash({}));
  expect(hash({ rank: 8, alpha: 4 })).toBe(hash({ alpha: 4, rank: 8 }));
  expect(hash({ contrast: { share: 0, margin: 0.5 }, preference: null })).toBe(hash({}));
  const others = [
    { name: 'y' },
    { rank: 8 },
    { contrast: { share: 0.5 } },
    { contrast: { share: 0.5, margin: 1 } },
    { preference: {} },
    { validation: { grounding: 8 } },
    { targets: ['q'] },
    { rates: { b: 16 } },
  ];
  expect(new Set([hash({}), ...others.map(hash)]).size).toBe(1 + others.length);
});

test('a run that was begun before a field was known goes on: fields at their default count for nothing', () => {
  const { rates: _, contrast: __, preference: ___, ...known } = parseRecipe({ name: 'x', rank: 8 }, 'x');
  expect(recipeHash(known as Parameters<typeof recipeHash>[0])).toBe(hash({ rank: 8 }));
});

test('switches that exclude each other are refused by name', () => {
  expect(() => parseRecipe({ name: 'x', preference: {}, contrast: { share: 0.5 } }, 'x')).toThrow(
    /contrast\.share: expected 0 beside preference/,
  );
});

test.each(readdirSync(RECIPES).filter((file) => file.endsWith('.json')))(
  '%s reads, and is named so',
  async (file) => {
    expect(`${(await readRecipe(join(RECIPES, file))).name}.json`).toBe(file);
  },
);

test('the published recipe has the published values', async () => {
  expect(await readRecipe(join(RECIPES, 'paper.json'))).toMatchObject({
    fusion: 'scores',
    template: 'alpaca',
    rank: 16,
    alpha: 16,
    dropout: 0,
    targets: ['q', 'k', 'v', 'o', 'gate', 'up', 'down'],
    passes: 3,
    batchSize: 8,
    accumulation: 4,
    learningRate: 2e-6,
    schedule: 'linear',
    warmupSteps: 30,
    weightDecay: 0.01,
    optimizerBits: 8,
    decoding: { maxTokens: 700, noRepeatNgram: 3 },
  });
});
