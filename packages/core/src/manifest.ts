/**
 * The run manifest: what went in (by hash), how it was configured, what ran it and what it cost. Every command
 * that makes something writes one beside it.
 */
import { cpus, platform, release, totalmem } from 'node:os';
import { startEnergy } from './energy.ts';
import { writeJson } from './files.ts';

export interface RunManifest {
  readonly command: string;
  /** Path as given -> SHA-256. */
  readonly inputs: Record<string, string>;
  readonly outputs: Record<string, string>;
  readonly config: unknown;
  readonly seed?: number;
  readonly device?: string;
  /** Words that every reader of the results must see: `simulated scores`, `random-weight encoder`. */
  readonly notices: readonly string[];
  readonly versions: Record<string, string>;
  readonly machine: { platform: string; cpu: string; cores: number; memoryBytes: number };
  readonly startedAt: string;
  readonly seconds: number;
  readonly peakMemoryBytes: number;
  /** Of the whole machine, where it tells: see energy.ts. */
  readonly energyJoules?: number;
}

export interface RunRecord {
  command: string;
  inputs?: Record<string, string>;
  outputs?: Record<string, string>;
  config?: unknown;
  seed?: number;
  device?: string;
  notices?: readonly string[];
  versions?: Record<string, string>;
}

/** Starts the clock; the returned function closes the record and gives the manifest. */
export function startRun(now: Date = new Date()): (record: RunRecord) => RunManifest {
  const began = performance.now();
  const energy = startEnergy();
  return (record) => ({
    command: record.command,
    inputs: record.inputs ?? {},
    outputs: record.outputs ?? {},
    config: record.config ?? {},
    ...(record.seed === undefined ? {} : { seed: record.seed }),
    ...(record.device === undefined ? {} : { device: record.device }),
    notices: record.notices ?? [],
    versions: { node: process.versions.node, ...record.versions },
    machine: {
      platform: `${platform()} ${release()} ${process.arch}`,
      cpu: cpus()[0]?.model ?? 'unknown',
      cores: cpus().length,
      memoryBytes: totalmem(),
    },
    startedAt: now.toISOString(),
    seconds: (performance.now() - began) / 1000,
    peakMemoryBytes: process.resourceUsage().maxRSS * 1024,
    ...energyOf(energy()),
  });
}

const energyOf = (joules: number | undefined) => (joules === undefined ? {} : { energyJoules: joules });

export function writeManifest(path: string, manifest: RunManifest): void {
  writeJson(path, manifest);
}
