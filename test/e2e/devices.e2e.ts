/**
 * The same graphs on each device that is here, held against the CPU's results. A device that is not here is skipped by name; WebGPU
 * runs without a GPU on SwiftShader, where VK_ICD_FILENAMES and LD_LIBRARY_PATH name Chromium's copy. Generation: llama.cpp's builds
 * for GPUs, where their packages are installed (NODE_PATH may name them) and LLAMA_XR_GENERATION_DEVICES lists them.
 */
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { inOwnProcess } from '../../apps/cli/src/own-process.ts';
import type { DeviceCheck } from '../../packages/llama/src/index.ts';
import {
  type Device as GenerationDevice,
  nativeLibraries,
  openGenerator,
} from '../../packages/llamacpp/src/index.ts';
import { type Device, installedDevices } from '../../packages/onnx/src/index.ts';
import { loadEncoder } from '../../packages/vision/src/index.ts';
import { lacks, relativeDifference } from './peers.ts';

/** The reason why a device cannot be used, undefined where it can. */
async function refusal(device: Exclude<Device, 'auto'>): Promise<string | undefined> {
  if (!installedDevices().includes(device)) return 'ONNX Runtime has no such provider here';
  try {
    await inOwnProcess<DeviceCheck>('devices/device-process', device);
    return undefined;
  } catch (error) {
    return (error as Error).message.slice(0, 120);
  }
}

const TRAINING = await Promise.all(
  (['cpu', 'webgpu', 'cuda'] as const).map(async (device) => ({ device, refused: await refusal(device) })),
);

describe.each(TRAINING)('training and vision on $device', ({ device, refused }) => {
  const skipped = refused === undefined ? '' : ` (skipped: ${refused})`;

  test.skipIf(refused !== undefined)(
    `loss and gradients of a step, whole and layered, and scores${skipped}`,
    async () => {
      const { modes } = await inOwnProcess<DeviceCheck>('devices/device-process', device);
      expect(modes.map(({ mode }) => mode)).toEqual(['whole', 'layered']);
      for (const { lossError, gradientError, scoreError } of modes) {
        expect(lossError).toBeLessThan(1e-5);
        expect(gradientError).toBeLessThan(1e-4);
        expect(scoreError).toBeLessThan(1e-5);
      }
    },
  );

  test.skipIf(refused !== undefined)(`DenseNet-121: pooled features and scores${skipped}`, async () => {
    const pixels = Float32Array.from(
      { length: 224 * 224 },
      (_, i) => 900 * Math.sin(i / 97) * Math.cos(i / 5000),
    );
    const view = { name: 'pattern', projection: 'frontal' as const, pixels };
    const encode = async (on: Device) => {
      await using encoder = await loadEncoder({ randomSeed: 3 }, { device: on });
      return (await encoder.encode([view]))[0]!;
    };
    const [expected, found] = [await encode('cpu'), await encode(device)];
    expect(relativeDifference(found.pooled, expected.pooled)).toBeLessThan(1e-3);
    expect(relativeDifference(found.raw, expected.raw)).toBeLessThan(1e-3);
  });
});

const ASKED = (process.env.LLAMA_XR_GENERATION_DEVICES ?? '').split(',');

describe.each(['cpu', 'vulkan', 'cuda'] as const)('generation on %s', (device: GenerationDevice) => {
  const library = nativeLibraries(device);
  const here = library.found && (device === 'cpu' || ASKED.includes(device));
  const reason = library.found ? 'not in LLAMA_XR_GENERATION_DEVICES' : library.reason;

  test.skipIf(!here || lacks('LLAMA_XR_MODELS'))(
    `log probabilities are those of the CPU${here ? ' (needs LLAMA_XR_MODELS)' : ` (skipped: ${reason})`}`,
    async () => {
      const base = join(process.env.LLAMA_XR_MODELS as string, 'smollm2-135m-instruct-q4_1.gguf');
      const score = async (on: GenerationDevice) => {
        await using generator = await openGenerator({
          base,
          contextTokens: 64,
          parallel: 1,
          threads: 1,
          device: on,
        });
        const tokens = await generator.tokenize('Findings: an enlarged heart. The lungs are clear.', {
          special: false,
        });
        for await (const { logProbabilities } of generator.score([{ id: 'text', tokens, from: 1 }]))
          return logProbabilities;
        return [];
      };
      expect(relativeDifference(await score(device), await score('cpu'))).toBeLessThan(0.05);
    },
  );
});
