/**
 * Energy used by the machine, where it tells: the processor's by Linux's powercap interface to RAPL counters
 * (Documentation/power/powercap/powercap.rst), NVIDIA cards' by the counters that nvidia-smi reads (NVML). Both count whole
 * devices, so that on a shared machine they say too much. Nothing else is asked.
 */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const POWERCAP = '/sys/class/powercap';
const NVIDIA_SMI = 'nvidia-smi';

export interface EnergySources {
  /** Folder of the processor's counters. */
  readonly powercap?: string;
  /** The program that reads the cards' counters. */
  readonly nvidiaSmi?: string;
}

export interface Energy {
  /** Joules since the start, undefined where a device does not tell. */
  readonly processor: number | undefined;
  readonly cards: number | undefined;
  /** Why something is not told. */
  readonly reasons: readonly string[];
}

/** A counter that grows. */
interface Counter {
  readonly joules: number;
  /** Where it starts again from zero. */
  readonly range: number;
}

type Reading = ReadonlyMap<string, Counter> | { readonly reason: string };

/**
 * Starts counting; the returned function gives the joules since then. A processor's counter that ran around more than once
 * (some hours of full load) is read too low.
 */
export function measureEnergy({
  powercap = POWERCAP,
  nvidiaSmi = NVIDIA_SMI,
}: EnergySources = {}): () => Energy {
  const readers = [() => processorCounters(powercap), () => cardCounters(nvidiaSmi)];
  const before = readers.map((read) => read());
  return () => {
    const used = readers.map((read, i) => difference(before[i] as Reading, read));
    const [processor, cards] = used.map((found) => (typeof found === 'number' ? found : undefined));
    return { processor, cards, reasons: used.filter((found) => typeof found === 'string') };
  };
}

/** The joules of processor and cards that were told, or undefined for none. */
export function startEnergy(powercap = POWERCAP, nvidiaSmi = NVIDIA_SMI): () => number | undefined {
  const used = measureEnergy({ powercap, nvidiaSmi });
  return () => {
    const { processor, cards } = used();
    return processor === undefined && cards === undefined ? undefined : (processor ?? 0) + (cards ?? 0);
  };
}

/** @returns joules, or the reason why there are none. */
function difference(before: Reading, read: () => Reading): number | string {
  if ('reason' in before) return before.reason;
  const after = read();
  if ('reason' in after) return after.reason;
  let joules = 0;
  for (const [device, start] of before) {
    const end = after.get(device);
    if (end === undefined) return `${device}: its counter is gone`;
    const used = end.joules - start.joules;
    joules += used < 0 ? used + start.range : used;
  }
  return joules;
}

/** Packages alone (`intel-rapl:0`): the zones below them are part of what they count. */
function processorCounters(folder: string): Reading {
  try {
    const zones = readdirSync(folder).filter((name) => /^[\w-]+-rapl:\d+$/.test(name));
    if (zones.length === 0) return { reason: `processor: ${folder} has no RAPL counter` };
    return new Map(
      zones.map((zone) => {
        const number = (name: string) => Number(readFileSync(join(folder, zone, name), 'utf8')) / 1e6;
        return [zone, { joules: number('energy_uj'), range: number('max_energy_range_uj') }];
      }),
    );
  } catch (error) {
    // Absent, or for the administrator alone.
    return { reason: `processor: ${(error as NodeJS.ErrnoException).code} at ${folder}` };
  }
}

/** Millijoules since the driver was loaded, on cards since Volta. */
function cardCounters(program: string): Reading {
  let said: string;
  try {
    said = execFileSync(
      program,
      ['--query-gpu=uuid,total_energy_consumption', '--format=csv,noheader,nounits'],
      {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
        timeout: 10_000,
      },
    );
  } catch (error) {
    return {
      reason: `cards: ${program} cannot be asked (${(error as NodeJS.ErrnoException).code ?? 'it failed'})`,
    };
  }
  const cards = new Map<string, Counter>();
  for (const line of said.split('\n').filter((text) => text.trim() !== '')) {
    const [card = '', count = ''] = line.split(',').map((part) => part.trim());
    const millijoules = count === '' ? Number.NaN : Number(count);
    if (!Number.isFinite(millijoules)) return { reason: `cards: ${card} does not count energy (${count})` };
    // 64 bits: it does not run around.
    cards.set(card, { joules: millijoules / 1000, range: 0 });
  }
  return cards.size === 0 ? { reason: `cards: ${program} lists none` } : cards;
}
