/** The training engine on a real model: stories260K (llama2.c), against its own logits and greedy text. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openBaseWeights } from '../weights/base-weights.ts';
import { convertLlama2c } from '../weights/llama2c.ts';
import { openTrainingEngine } from './engine.ts';

const data = process.env.LLAMA_XR_DATA;

test.skipIf(!data)(
  'stories260K: logits and greedy text as llama2.c has them (needs LLAMA_XR_DATA)',
  async () => {
    const source = join(data as string, 'llama');
    const expected = JSON.parse(readFileSync(join(source, 'expected_greedy.json'), 'utf8')) as {
      greedy_token_ids: number[];
      logits_after_BOS: number[];
    };
    const folder = mkdtempSync(join(tmpdir(), 'llama-xr-stories-'));
    try {
      const path = join(folder, 'stories260K.gguf');
      convertLlama2c(join(source, 'stories260K.bin'), join(source, 'tok512.bin'), path);
      using base = openBaseWeights(path);
      await using engine = await openTrainingEngine(base, { rank: 0, threads: 1 });
      const last = async (ids: readonly number[]) =>
        engine.logits(
          { batch: 1, sequence: ids.length, ids: Int32Array.from(ids) },
          Int32Array.of(ids.length - 1),
        );
      const ids = [1];
      const first = await last(ids);
      expected.logits_after_BOS.forEach((logit, i) => {
        expect(first[i]).toBeCloseTo(logit, 3);
      });
      while (ids.length <= expected.greedy_token_ids.length) {
        const logits = await last(ids);
        ids.push(logits.indexOf(Math.max(...logits)));
      }
      expect(ids.slice(1)).toEqual(expected.greedy_token_ids);
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
);
