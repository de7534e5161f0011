/** Where a session computes: the names users write, and ONNX Runtime's execution providers behind them. */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fail } from '@llama-xr/core';
import { listSupportedBackends } from 'onnxruntime-node';

/** `auto` is CUDA where it works, else the CPU; all others are taken at their word. */
export const DEVICES = ['auto', 'cpu', 'cuda', 'webgpu', 'coreml', 'directml'] as const;
export type Device = (typeof DEVICES)[number];

const PROVIDERS = { cpu: 'cpu', cuda: 'cuda', webgpu: 'webgpu', coreml: 'coreml', directml: 'dml' } as const;

/**
 * Devices that this installation of ONNX Runtime can drive; whether the hardware is there shows only when a session opens.
 */
export function installedDevices(): Exclude<Device, 'auto'>[] {
  const names = listSupportedBackends()
    .filter(({ name, bundled }) => bundled || (name === 'cuda' && hasCudaLibrary()))
    .map(({ name }) => name);
  return (Object.keys(PROVIDERS) as Exclude<Device, 'auto'>[]).filter((device) =>
    names.includes(PROVIDERS[device]),
  );
}

/** CUDA comes by onnxruntime-node's install script, as a library of its own beside the binding. */
function hasCudaLibrary(): boolean {
  const main = createRequire(import.meta.url).resolve('onnxruntime-node');
  const folder = join(dirname(main), '..', 'bin', 'napi-v6', process.platform, process.arch);
  const file =
    process.platform === 'win32' ? 'onnxruntime_providers_cuda.dll' : 'libonnxruntime_providers_cuda.so';
  return existsSync(join(folder, file));
}

/** Whether what runs on this device runs on the CPU; of `auto`, by what is installed. */
export const computesOnCpu = (device: Device): boolean => providersFor(device)[0]?.[0] === 'cpu';

/** Providers without ONNX Runtime's own `FusedMatMul`. */
const STANDARD_PRODUCTS: readonly Device[] = ['webgpu', 'coreml'];
export const hasFusedProducts = (device: Device): boolean => !STANDARD_PRODUCTS.includes(device);

/**
 * The lists of execution providers to try, in order. The CPU always stands last: it takes the nodes that a device lacks.
 * @throws LlamaXrError DEVICE for one that this installation does not have.
 */
export function providersFor(device: Device): string[][] {
  const installed = installedDevices();
  if (device === 'auto') return [...(installed.includes('cuda') ? [['cuda', 'cpu']] : []), ['cpu']];
  if (!installed.includes(device))
    fail('DEVICE', `device: expected one of ${installed.join(', ')} on this machine, got ${device}`);
  return [device === 'cpu' ? ['cpu'] : [PROVIDERS[device], 'cpu']];
}
