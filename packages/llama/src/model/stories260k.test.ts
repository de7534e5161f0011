/** The training engine on a real model: Karpathy's stories260K (llama2.c), against its own greedy text. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openTrainingEngine } from './engine.ts';
import { type LlamaWeights, type Projection, projectionShape } from './weights-type.ts';

const data = process.env.LLAMA_XR_DATA;

/** The file of llama2.c's `export.py`, version 0: seven int32, then float32 tensors in a fixed order. */
function readLlama2c(path: string): LlamaWeights {
  const file = readFileSync(path);
  const header = new Int32Array(file.buffer.slice(file.byteOffset, file.byteOffset + 28));
  const [width, feedForward, layers, heads, kvHeads, vocabulary, contextLength] = [...header] as [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const config = {
    ...{ layers, width, feedForward, heads, kvHeads, vocabulary, contextLength },
    headSize: width / heads,
    ropeBase: 10_000,
    rmsEps: 1e-5,
    tiedEmbedding: true,
  };
  const floats = new Float32Array(file.buffer.slice(file.byteOffset + 28, file.byteOffset + file.length));
  let at = 0;
  const take = (length: number) => {
    at += length;
    return floats.subarray(at - length, at);
  };
  const perLayer = (length: number) => Array.from({ length: layers }, () => take(length));
  const matrices = (projection: Projection) => {
    const [out, columns] = projectionShape(config, projection);
    return perLayer(out * columns);
  };
  const embedding = take(vocabulary * width);
  const attention = perLayer(width);
  const [q, k, v, o] = [matrices('q'), matrices('k'), matrices('v'), matrices('o')];
  const ffn = perLayer(width);
  const [gate, down, up] = [matrices('gate'), matrices('down'), matrices('up')];
  const outputNorm = take(width);
  const projections = { q, k, v, o, gate, up, down };
  return {
    config,
    embedding,
    outputNorm,
    matrix: (layer, projection) => projections[projection][layer] as Float32Array,
    norms: (layer) => ({
      attention: attention[layer] as Float32Array,
      feedForward: ffn[layer] as Float32Array,
    }),
  };
}

test.skipIf(!data)(
  'stories260K: logits and greedy text as llama2.c has them (needs LLAMA_XR_DATA)',
  async () => {
    const folder = join(data as string, 'llama');
    const expected = JSON.parse(readFileSync(join(folder, 'expected_greedy.json'), 'utf8')) as {
      greedy_token_ids: number[];
      logits_after_BOS: number[];
    };
    const weights = readLlama2c(join(folder, 'stories260K.bin'));
    await using engine = await openTrainingEngine(weights, { rank: 0, threads: 1 });
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
  },
);
