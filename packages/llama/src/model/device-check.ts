/**
 * A training step of a tiny Llama on a device, held against the CPU's, and what of its graphs ran on the CPU all the same. The
 * graphs are those of any Llama, so that their operators are.
 */
import { type Device, measurePlacement, type Placement } from '@llama-xr/onnx';
import { relativeError, tinyBatch, tinyEngine } from './tiny-llama.ts';

export interface DeviceCheck {
  readonly device: Device;
  readonly modes: readonly {
    readonly mode: 'whole' | 'layered';
    /** |loss - CPU's| / CPU's */
    readonly lossError: number;
    /** |gradients - CPU's| / |CPU's| */
    readonly gradientError: number;
    /** Of the loss alone, as scoring computes it. */
    readonly scoreError: number;
  }[];
  /** Nodes that the CPU computed, by operator. */
  readonly onCpu: Readonly<Record<string, number>>;
  readonly nodes: number;
}

/** @throws LlamaXrError DEVICE where the device cannot be opened, ENGINE. */
export async function checkTrainingDevice(device: Exclude<Device, 'auto'>): Promise<DeviceCheck> {
  const { result: modes, placements } = await measurePlacement(async () => [
    await compare(device, 'whole'),
    await compare(device, 'layered'),
  ]);
  return { device, modes, ...countOnCpu(placements, device) };
}

async function compare(device: Device, mode: 'whole' | 'layered') {
  const batch = tinyBatch();
  await using expected = await tinyEngine({ mode });
  await using found = await tinyEngine({ mode, device });
  const right = await expected.forwardBackward(batch);
  const { loss } = await found.forwardBackward(batch);
  const score = await found.loss(batch);
  return {
    mode,
    lossError: Math.abs(loss - right.loss) / right.loss,
    gradientError: relativeError(found.gradients, expected.gradients),
    scoreError: Math.abs(score - right.loss) / right.loss,
  };
}

/** Half of the sessions are the CPU's own: on a graph of which something ran elsewhere, the CPU's part is fallback. */
function countOnCpu(placements: readonly Placement[], device: Device) {
  const onCpu: Record<string, number> = {};
  let nodes = 0;
  if (device !== 'cpu') {
    const elsewhere = new Set(
      placements.filter(({ provider }) => !isCpu(provider)).map(({ session }) => session),
    );
    for (const { session, operator, provider, nodes: count } of placements) {
      if (!elsewhere.has(session)) continue;
      nodes += count;
      if (isCpu(provider)) onCpu[operator] = (onCpu[operator] ?? 0) + count;
    }
  }
  return { onCpu, nodes };
}

const isCpu = (provider: string) => provider === 'CPUExecutionProvider';
