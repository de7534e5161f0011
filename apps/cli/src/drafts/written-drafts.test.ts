import type { SoftInput, Tokenizer } from '@llama-xr/llama';
import type { Generation, GenerationRequest, Generator } from '@llama-xr/llamacpp';
import { Consensus } from '@llama-xr/metrics';
import { parseRecipe } from '@llama-xr/train';
import { expect, test } from 'vitest';
import { chooseDraft } from './choose-draft.ts';
import { readyPrompts } from './ready-prompts.ts';
import { writeDrafts } from './written-drafts.ts';

const tokenizer = { decode: (ids: number[]) => ` text ${ids.join('-')}` } as unknown as Tokenizer;

/** Answers the last request first; remembers what it was asked. */
function generatorOf(asked: number[][]): Generator {
  return {
    async *generate(requests: { id: string; tokens: number[] }[], { samples = 1 }: { samples?: number }) {
      asked.push(...requests.map(({ tokens }) => tokens));
      for (const { id, tokens } of [...requests].reverse()) {
        for (let sample = samples - 1; sample >= 0; sample--) {
          yield {
            id,
            sample,
            tokens: [...tokens, sample],
            logProbabilities: [-1, -3],
            stopReason: 'stop',
          } as Generation;
        }
      }
    },
  } as unknown as Generator;
}

test('a study is ready when all its prompts are answered; equal prompts are answered once', async () => {
  const asked: number[][] = [];
  const prompts = new Map([
    ['a', [{ tokens: [1] }, { tokens: [2] }]],
    ['b', [{ tokens: [9] }]],
    ['c', [{ tokens: [2] }, { tokens: [3] }]],
    ['d', [{ tokens: [9] }]],
  ]);
  const { decoding } = parseRecipe({ name: 'x', decoding: { sharedSamples: 3 } }, 'x');
  const ready = await Array.fromAsync(
    writeDrafts(generatorOf(asked), tokenizer, prompts, { decoding, seed: 1 }),
  );
  // The likeliest of each prompt, then two more of the one that several studies have alone.
  expect(asked).toEqual([[1], [2], [9], [3], [9]]);
  expect(ready.map(({ id }) => id).sort()).toEqual(['a', 'b', 'c', 'd']);
  const texts = (id: string) =>
    ready.find((one) => one.id === id)?.drafts.map(({ prediction }) => prediction);
  expect(texts('b')).toEqual(['text 9-0', 'text 9-1', 'text 9-0']);
  expect(texts('c')).toEqual(['text 2-0', 'text 3-0']);
  expect(ready[0]?.drafts[0]).toMatchObject({ logProbability: -2, length: 2 });
});

test('a guided recipe asks for its guidance beside the prompts that tell nothing', async () => {
  const asked: object[] = [];
  const generator = {
    async *generate(requests: { id: string; tokens: number[] }[], options: object) {
      asked.push(options);
      for (const request of requests) {
        asked.push(request);
        yield { id: request.id, sample: 0, tokens: [], logProbabilities: [], stopReason: 'stop' };
      }
    },
  } as unknown as Generator;
  const { decoding } = parseRecipe({ name: 'x', decoding: { guidance: 2 } }, 'x');
  const prompts = new Map([['a', [{ tokens: [1, 2], contrast: { tokens: [1] } }]]]);
  await Array.fromAsync(writeDrafts(generator, tokenizer, prompts, { decoding, seed: 1 }));
  expect(asked).toMatchObject([{ guidance: 2 }, { tokens: [1, 2], contrast: { tokens: [1] } }]);
});

test('equal words with other images are other prompts; projected vectors go out with them', async () => {
  const asked: GenerationRequest[] = [];
  const generator = {
    async *generate(requests: readonly GenerationRequest[]) {
      asked.push(...requests);
      for (const { id } of requests)
        yield { id, sample: 0, tokens: [], logProbabilities: [], stopReason: 'stop' };
    },
  } as unknown as Generator;
  const seen = (value: number) => ({
    tokens: [1, 0, 2],
    soft: { from: 1, features: Float32Array.of(value), present: Uint8Array.of(1) },
  });
  const projector = { project: async ({ features }: SoftInput) => features.map((f) => 10 * f) };
  const list = new Map([3, 4, 3].map((value, i) => [`s${i}`, [{ ...seen(value), contrast: seen(0) }]]));
  const { decoding } = parseRecipe({ name: 'x' }, 'x');
  const prompts = await readyPrompts(list, projector);
  const ready = await Array.fromAsync(writeDrafts(generator, tokenizer, prompts, { decoding, seed: 1 }));
  expect(ready).toHaveLength(3);
  expect(asked.map(({ soft }) => soft)).toEqual(
    [30, 40].map((value) => ({ from: 1, vectors: Float32Array.of(value) })),
  );
  expect(asked[0]?.contrast?.soft?.vectors).toEqual(Float32Array.of(0));
  await expect(readyPrompts(list, undefined)).rejects.toThrow(/expected the projector/);
});

const draft = (prediction: string) => ({ prediction, logProbability: 0, length: 1 });

test('a draft with a finding that the input lacks gives way, then the neighbours decide', () => {
  const drafts = [
    draft('There is a large left pleural effusion. The heart is enlarged.'),
    draft('Heart enlarged.'),
    draft('The heart is enlarged. The lungs are clear.'),
  ];
  const neighbours = [{ text: 'The heart is enlarged. The lungs are clear. No effusion.', weight: 1 }];
  const consensus = new Consensus(neighbours.map(({ text }) => text));
  expect(chooseDraft(drafts, ['Cardiomegaly'], neighbours, consensus)).toBe(drafts[2]);
  expect(chooseDraft(drafts.slice(0, 1), ['Cardiomegaly'], neighbours, consensus)).toBe(drafts[0]);
});

test('where omissions count, a draft that says what it was told goes before one that says little', () => {
  const drafts = [draft('The heart is normal in size.'), draft('There is possible cardiomegaly.')];
  const neighbours = [{ text: 'The heart is normal in size. The lungs are clear.', weight: 1 }];
  const consensus = new Consensus(['The heart is normal in size.', 'The lungs are clear.']);
  expect(chooseDraft(drafts, ['Cardiomegaly'], neighbours, consensus)).toBe(drafts[0]);
  expect(chooseDraft(drafts, ['Cardiomegaly'], neighbours, consensus, 1)).toBe(drafts[1]);
});
