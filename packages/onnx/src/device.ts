/** Where a session computes: the names users write, and ONNX Runtime's execution providers behind them. */
import { fail } from '@llama-xr/core';
import { listSupportedBackends } from 'onnxruntime-node';

/** `auto` is CUDA where ONNX Runtime was installed with it, else the CPU; all others are taken at their word. */
export const DEVICES = ['auto', 'cpu', 'cuda', 'webgpu', 'coreml', 'directml'] as const;
export type Device = (typeof DEVICES)[number];

const PROVIDERS = { cpu: 'cpu', cuda: 'cuda', webgpu: 'webgpu', coreml: 'coreml', directml: 'dml' } as const;

/** Devices that this installation of ONNX Runtime was built for; whether the hardware is there shows only at opening. */
export function installedDevices(): Exclude<Device, 'auto'>[] {
  const bundled = new Set(
    listSupportedBackends()
      .filter((backend) => backend.bundled)
      .map(({ name }) => name),
  );
  return (Object.keys(PROVIDERS) as Exclude<Device, 'auto'>[]).filter((device) =>
    bundled.has(PROVIDERS[device]),
  );
}

/**
 * The execution providers to try, in order. The CPU always comes last: it takes the nodes that a device lacks.
 * @throws LlamaXrError DEVICE for one that this installation does not have.
 */
export function providersFor(device: Device): string[] {
  const installed = installedDevices();
  if (device === 'auto') return installed.includes('cuda') ? ['cuda', 'cpu'] : ['cpu'];
  if (!installed.includes(device))
    fail('DEVICE', `device: expected one of ${installed.join(', ')} on this machine, got ${device}`);
  return device === 'cpu' ? ['cpu'] : [PROVIDERS[device], 'cpu'];
}
