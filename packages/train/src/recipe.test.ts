import { expect, test } from 'vitest';
import { parseRecipe, recipeHash } from './index.ts';

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
