import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { float32ToFloat16, type Tensor, tensor, writeSafetensors } from '@llama-xr/tensor';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readCheckpoint } from './checkpoint.ts';
import { DENSENET_121, parameterShapes } from './densenet.ts';
import { loadEncoder } from './encoder.ts';
import golden from './goldens/densenet.json' with { type: 'json' };
import { PATHOLOGIES, PUBLISHED_OPERATING_POINTS } from './pathologies.ts';
import { formulaImage, formulaWeights } from './testing/formula.ts';

const folder = mkdtempSync(join(tmpdir(), 'llama-xr-checkpoint-'));
const at = (name: string) => join(folder, name);
let weights: Map<string, Tensor>;

/** The formula weights as a file, after a change. */
function written(
  name: string,
  change: (tensors: Map<string, Tensor>) => void = () => {},
  metadata?: Record<string, string>,
): string {
  const tensors = new Map(weights);
  change(tensors);
  writeSafetensors(at(name), tensors, metadata);
  return at(name);
}

const formulaView = { name: 'image-0', projection: 'frontal' as const, pixels: formulaImage('image-0') };

/** Scores of the first golden image by the encoder in this file. */
async function scoresOf(path: string): Promise<number[]> {
  await using encoder = await loadEncoder(path);
  const [found] = await encoder.encode([formulaView]);
  return [...(found?.raw ?? [])];
}

function expectGolden(scores: readonly number[], tolerance = 1e-5): void {
  expect(scores).toHaveLength(18);
  golden.cases[0]?.raw.forEach((p, k) => {
    expect(Math.abs(p - (scores[k] as number)), PATHOLOGIES[k]).toBeLessThan(tolerance);
  });
}

beforeAll(() => {
  const values = formulaWeights(DENSENET_121);
  weights = new Map(
    [...parameterShapes(DENSENET_121)].map(([name, shape]) => [
      name,
      tensor('float32', shape, values.get(name) as Float32Array),
    ]),
  );
});

afterAll(() => rmSync(folder, { recursive: true }));

test('safetensors: what the file does not say is a notice', async () => {
  const { name, notices, operatingPoints } = await readCheckpoint(written('model.safetensors'));
  expect(name).toBe('DenseNet-121 (model.safetensors)');
  expect(operatingPoints).toBeUndefined();
  expect(notices).toEqual([
    "the encoder's file names no labels: TorchXRayVision's order is taken",
    'no operating points: normalised scores are the raw ones',
  ]);
});

test('wrapped names, names from before torchvision 0.2 and half precision are understood', async () => {
  const path = written('wrapped.safetensors', (tensors) => {
    for (const [name, { shape, data }] of [...tensors]) {
      tensors.delete(name);
      const old = name.replace(/(denselayer\d+\.(?:norm|conv))([12])/, '$1.$2');
      tensors.set(`module.${old}`, tensor('float16', shape, float32ToFloat16(data as Float32Array)));
    }
    tensors.set('optimizer.step', tensor('float32', [1], Float32Array.of(1)));
  });
  expectGolden(await scoresOf(path), 5e-3);
});

test('operating points: given, in the file, or by the name of a published checkpoint', async () => {
  const points = PATHOLOGIES.map((_, i) => (i + 1) / 20);
  const inFile = written('with-points.safetensors', (tensors) => {
    tensors.set('op_threshs', tensor('float32', [18], Float32Array.from(points)));
  });
  expect((await readCheckpoint(inFile)).operatingPoints?.[4]).toBeCloseTo(0.25);
  const named = written('densenet121-res224-all.safetensors');
  expect((await readCheckpoint(named)).operatingPoints).toEqual(PUBLISHED_OPERATING_POINTS.all);
  expect((await readCheckpoint(named, points)).operatingPoints).toEqual(points);
  await using encoder = await loadEncoder(named);
  const [found] = await encoder.encode([formulaView]);
  expectGolden([...(found?.raw ?? [])]);
  golden.cases[0]?.normalised.forEach((score, k) => {
    expect(found?.normalised[k]).toBeCloseTo(score, 4);
  });
  await expect(readCheckpoint(named, [0.5, 2])).rejects.toThrow(
    /2 mistakes\n.*operating points: expected 18, got 2\n.*Consolidation: expected a number in \(0, 1\), got 2/,
  );
});

test('labels in another order are refused, outputs without a name are not', async () => {
  const labels = [...PATHOLOGIES] as string[];
  labels[9] = 'pleural thickening';
  labels[13] = '';
  const good = written('labelled.safetensors', undefined, { labels: JSON.stringify(labels) });
  expect((await readCheckpoint(good)).notices).toHaveLength(1);
  [labels[0], labels[7]] = ['Effusion', 'Atelectasis'];
  const swapped = written('swapped.safetensors', undefined, { labels: JSON.stringify(labels) });
  await expect(loadEncoder(swapped)).rejects.toMatchObject({
    code: 'ENCODER',
    message: expect.stringMatching(
      /swapped\.safetensors: 2 mistakes\n.*output 0: expected Atelectasis, got Effusion\n.*output 7: expected Effusion, got Atelectasis/,
    ),
  });
});

test('everything that is missing or wrong is listed at once', async () => {
  const path = written('wrong.safetensors', (tensors) => {
    tensors.delete('features.norm5.bias');
    tensors.delete('features.denseblock3.denselayer24.conv2.weight');
    tensors.set('classifier.weight', tensor('float32', [14, 1024], new Float32Array(14 * 1024)));
    tensors.set('features.norm0.running_var', tensor('float32', [64], new Float32Array(64).fill(-1)));
    tensors.set('features.norm0.bias', tensor('float32', [64], new Float32Array(64).fill(Number.NaN)));
  });
  await expect(loadEncoder(path)).rejects.toThrow(
    new RegExp(
      [
        'wrong.safetensors: 5 mistakes',
        'features.norm0.bias: expected finite numbers, got NaN',
        'features.norm0.running_var: expected variances, got -1',
        'features.denseblock3.denselayer24.conv2.weight: missing, expected \\[32, 128, 3, 3\\]',
        'features.norm5.bias: missing, expected \\[1024\\]',
        'classifier.weight: expected \\[18, 1024\\], got \\[14, 1024\\]',
      ].join('\\n.*'),
    ),
  );
});

test('foreign, missing and truncated files are refused by name', async () => {
  writeSafetensors(at('other.safetensors'), new Map([['a', tensor('float32', [1], Float32Array.of(1))]]));
  await expect(loadEncoder(at('other.safetensors'))).rejects.toThrow(
    /other\.safetensors: .*expected a DenseNet-121, got 1 tensors none of which is features\.conv0\.weight/s,
  );
  await expect(loadEncoder(at('none.pt'))).rejects.toMatchObject({ code: 'FILE_MISSING' });
  writeFileSync(at('text.pt'), 'this is no checkpoint');
  await expect(loadEncoder(at('text.pt'))).rejects.toThrow(/text\.pt: expected a safetensors file/);
  writeFileSync(at('huge.pt'), 'PK');
  truncateSync(at('huge.pt'), 2 ** 31);
  await expect(loadEncoder(at('huge.pt'))).rejects.toThrow(/huge\.pt: expected .* at most 1073741824 bytes/);
  await expect(loadEncoder(folder)).rejects.toThrow(/expected a file, got a folder/);
  writeFileSync(at('cut.safetensors'), readFileSync(written('whole.safetensors')).subarray(0, 1_000_000));
  await expect(loadEncoder(at('cut.safetensors'))).rejects.toThrow(/cut\.safetensors/);
});

test('weights that answer with NaN are refused at the first image', async () => {
  const path = written('nan.safetensors', (tensors) => {
    tensors.set('classifier.bias', tensor('float32', [18], new Float32Array(18).fill(3e38)));
    tensors.set('classifier.weight', tensor('float32', [18, 1024], new Float32Array(18 * 1024).fill(3e38)));
  });
  await expect(scoresOf(path)).rejects.toMatchObject({
    code: 'ENCODER',
    message: expect.stringMatching(/image-0: expected finite scores, got (Infinity|NaN) at 0/),
  });
});

test('a classifier that forgot its input is refused at the second image', async () => {
  const path = written('constant.safetensors', (tensors) => {
    tensors.set('classifier.weight', tensor('float32', [18, 1024], new Float32Array(18 * 1024)));
  });
  await using encoder = await loadEncoder(path);
  const second = { ...formulaView, name: 'image-1', pixels: formulaImage('image-1') };
  await expect(encoder.encode([formulaView, second])).rejects.toThrow(
    /image-1: expected scores that depend on the image, got the same 18 as for image-0/,
  );
});

const python = process.env.LLAMA_XR_PYTHON;

test.skipIf(!python)(
  "torch.save's files: a whole module, one with swapped labels, truncated ones (needs LLAMA_XR_PYTHON with torch)",
  async () => {
    const script = join(import.meta.dirname, '../../../reference/densenet.py');
    execFileSync(python as string, [script, 'checkpoint', folder]);
    expectGolden(await scoresOf(at('module.pt'))); // the other forms: test/e2e/encoder.e2e.ts
    expect((await readCheckpoint(at('module.pt'))).notices).toHaveLength(1);
    await expect(loadEncoder(at('swapped-labels.pt'))).rejects.toThrow(
      /label of output 0: expected Atelectasis, got Effusion/,
    );
    writeFileSync(at('cut.pt'), readFileSync(at('module.pt')).subarray(0, 5_000_000));
    await expect(loadEncoder(at('cut.pt'))).rejects.toThrow(/cut\.pt/);
    writeFileSync(at('cut-legacy.pt'), readFileSync(at('legacy.pt')).subarray(0, 5_000_000));
    await expect(loadEncoder(at('cut-legacy.pt'))).rejects.toThrow(/cut-legacy\.pt/);
  },
  300_000,
);
