/** The soak: many steps of training in a process of its own, and what memory it held as it went on. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

export interface SoakOptions {
  /** GGUF file. */
  readonly base: string;
  /** An empty folder that is there. */
  readonly folder: string;
  readonly steps: number;
  /**
   * `job`: all that a user's run does - the engine in a thread of its own, the log, its page of curves, checkpoints. `loop`: loop
   * and engine in one thread whose garbage is collected before each sample, so that hardly anything but a leak moves.
   */
  readonly what: 'job' | 'loop';
  /** Bytes that the process keeps at each step, to see that the measure would find them. */
  readonly leakBytes?: number;
}

/** Taken every ten steps. */
export interface SoakSample {
  readonly step: number;
  /** Resident memory of the process, all threads. */
  readonly bytes: number;
  readonly loss: number;
}

/** Runs `soak-run.ts` to its end. */
export async function soak(options: SoakOptions): Promise<SoakSample[]> {
  const script = join(import.meta.dirname, 'soak-run.ts');
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--expose-gc', script, JSON.stringify(options)],
    { maxBuffer: 2 ** 26 },
  );
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as SoakSample);
}
