/**
 * Where the nodes of graphs really ran: ONNX Runtime gives a node to the CPU where a device has no kernel for it, and says so
 * only in its profile. So the graphs run once with the profiler on, and its file is read.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { InferenceSession } from 'onnxruntime-node';

/** Nodes of one operator in one graph that ran on one provider. */
export interface Placement {
  /** Counts the sessions. */
  readonly session: number;
  /** The session's name. */
  readonly graph: string;
  readonly operator: string;
  /** ONNX Runtime's name: `CPUExecutionProvider`, `WebGpuExecutionProvider` ... */
  readonly provider: string;
  readonly nodes: number;
}

interface Measurement {
  readonly folder: string;
  sessions: number;
  readonly open: Map<InferenceSession, { readonly graph: string; readonly number: number }>;
  readonly placements: Placement[];
}

const current = new AsyncLocalStorage<Measurement>();

/** Does some work, and tells where the nodes ran of all sessions that it opened, ran and closed. */
export async function measurePlacement<T>(
  work: () => Promise<T>,
): Promise<{ result: T; placements: Placement[] }> {
  const folder = mkdtempSync(join(tmpdir(), 'llama-xr-profile-'));
  const measurement: Measurement = { folder, sessions: 0, open: new Map(), placements: [] };
  try {
    const result = await current.run(measurement, work);
    return { result, placements: measurement.placements };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** For the opening of a session, where placement is measured: settings, and whom to tell. */
export function startProfile() {
  const measurement = current.getStore();
  if (measurement === undefined) return undefined;
  const number = measurement.sessions++;
  return {
    settings: { enableProfiling: true, profileFilePrefix: join(measurement.folder, `session-${number}`) },
    opened: (engine: InferenceSession, graph: string) => measurement.open.set(engine, { graph, number }),
  };
}

/** Before a session is released: reads what it did. */
export function finishProfile(engine: InferenceSession): void {
  const measurement = current.getStore();
  const session = measurement?.open.get(engine);
  if (measurement === undefined || session === undefined) return;
  measurement.open.delete(engine);
  engine.endProfiling();
  const file = readdirSync(measurement.folder).find((name) => name.startsWith(`session-${session.number}_`));
  if (file === undefined) return;
  measurement.placements.push(...placementsIn(readFileSync(join(measurement.folder, file), 'utf8'), session));
}

interface ProfileEvent {
  readonly cat?: string;
  readonly name?: string;
  readonly args?: { readonly op_name?: string; readonly provider?: string };
}

/** A node that ran more than once counts once. */
export function placementsIn(
  profile: string,
  { graph, number }: { readonly graph: string; readonly number: number },
): Placement[] {
  const found = new Map<string, Set<string>>();
  for (const { cat, name = '', args } of JSON.parse(profile) as ProfileEvent[]) {
    if (cat !== 'Node' || args?.op_name === undefined || args.provider === undefined) continue;
    const key = `${args.op_name} ${args.provider}`;
    found.set(key, (found.get(key) ?? new Set()).add(name));
  }
  return [...found].map(([key, names]) => {
    const [operator, provider] = key.split(' ') as [string, string];
    return { session: number, graph, operator, provider, nodes: names.size };
  });
}
