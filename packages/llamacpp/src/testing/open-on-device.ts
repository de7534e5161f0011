/**
 * Opens a generator and prints what it computes on, or why it cannot: a program, because Node reads NODE_PATH, where a test
 * puts packages, only when it starts. Arguments: a base and a device.
 */
import { LlamaXrError } from '@llama-xr/core';
import { type DeviceChoice, openGenerator } from '../index.ts';

const [base, device] = process.argv.slice(2) as [string, DeviceChoice];
try {
  await using generator = await openGenerator({ base, device, contextTokens: 64, threads: 1, parallel: 1 });
  process.stdout.write(JSON.stringify({ device: generator.model.device }));
} catch (error) {
  if (!(error instanceof LlamaXrError)) throw error;
  const { code, message, hint } = error;
  process.stdout.write(JSON.stringify({ code, message, hint }));
}
