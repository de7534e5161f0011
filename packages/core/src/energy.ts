/**
 * Energy used by the processor, where the machine tells it: Linux's powercap interface to RAPL counters
 * (Documentation/power/powercap/powercap.rst). It counts the whole machine, so that on a shared one it says too much.
 * Graphics processors and other systems are not asked.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const POWERCAP = '/sys/class/powercap';

interface Counter {
  readonly microjoules: number;
  /** Where the counter starts again from zero. */
  readonly range: number;
}

/**
 * Starts counting; the returned function gives the joules since then, undefined where they are not told. A counter that ran
 * around more than once (some hours of full load) is read too low.
 */
export function startEnergy(folder = POWERCAP): () => number | undefined {
  const before = countersIn(folder);
  return () => {
    if (before.size === 0) return undefined;
    const after = countersIn(folder);
    let microjoules = 0;
    for (const [zone, start] of before) {
      const end = after.get(zone);
      if (end === undefined) return undefined;
      const used = end.microjoules - start.microjoules;
      microjoules += used < 0 ? used + start.range : used;
    }
    return microjoules / 1e6;
  };
}

/** Packages alone (`intel-rapl:0`): the zones below them are part of what they count. */
function countersIn(folder: string): Map<string, Counter> {
  const counters = new Map<string, Counter>();
  try {
    for (const zone of readdirSync(folder).filter((name) => /^[\w-]+-rapl:\d+$/.test(name))) {
      const number = (name: string) => Number(readFileSync(join(folder, zone, name), 'utf8'));
      counters.set(zone, { microjoules: number('energy_uj'), range: number('max_energy_range_uj') });
    }
  } catch {
    // Absent, or for the administrator alone: not told.
    return new Map();
  }
  return counters;
}
