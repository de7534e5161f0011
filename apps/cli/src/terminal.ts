/**
 * What a person sees, and what a machine reads. Progress and words go to standard error, results to standard output; with
 * `--json` the result is one JSON object and nothing else goes to standard output.
 */
import type { Progress, ReportProgress } from '@llama-xr/core';
import { SingleBar } from 'cli-progress';

export interface Terminal {
  readonly json: boolean;
  /** Draws a bar with an ETA on a terminal, a line every ten seconds elsewhere. */
  readonly progress: ReportProgress;
  /** Words for a person: standard error. */
  say(text: string): void;
  /** The result: `value` with --json, else the text. */
  result(value: unknown, text: () => string): void;
  /** Ends an open progress bar. */
  close(): void;
}

export interface OutputFlags {
  readonly json?: boolean;
  readonly quiet?: boolean;
}

export function openTerminal({ json = false, quiet = false }: OutputFlags): Terminal {
  const drawing = quiet ? undefined : process.stderr.isTTY ? new Bars() : new Lines();
  return {
    json,
    progress: (event) => drawing?.show(event),
    say: (text) => {
      drawing?.close();
      if (!quiet) process.stderr.write(`${text}\n`);
    },
    result: (value, text) => {
      drawing?.close();
      process.stdout.write(json ? `${JSON.stringify(value, null, 2)}\n` : `${text()}\n`);
    },
    close: () => drawing?.close(),
  };
}

/** Bars drawn in place. */
class Bars {
  #bar: SingleBar | undefined;
  #stage = '';

  show({ stage, done, total, note = '' }: Progress): void {
    if (stage !== this.#stage) {
      this.close();
      this.#stage = stage;
      this.#bar = new SingleBar({
        format: '{stage} {bar} {percentage}% {value}/{total} ETA {eta_formatted} {note}',
        barsize: 24,
        hideCursor: true,
        etaBuffer: 30,
        stream: process.stderr,
      });
      this.#bar.start(total, done, { stage: stage.padEnd(10), note });
    }
    this.#bar?.update(done, { note });
    if (done >= total) this.close();
  }

  close(): void {
    this.#bar?.stop();
    this.#bar = undefined;
    this.#stage = '';
  }
}

/** A line when a stage begins, every ten seconds, and when it ends: for logs. */
class Lines {
  #stage = '';
  #began = 0;
  #first = 0;
  #last = 0;

  show({ stage, done, total, note = '' }: Progress): void {
    const now = performance.now();
    if (stage !== this.#stage) {
      this.#stage = stage;
      this.#began = now;
      this.#first = done;
      this.#last = 0;
    }
    if (done < total && now - this.#last < 10_000) return;
    this.#last = now;
    const rate = (done - this.#first) / Math.max(1e-3, now - this.#began);
    const left = done >= total ? 'done' : rate > 0 ? `ETA ${duration((total - done) / rate / 1000)}` : '';
    process.stderr.write(`${[stage, `${done}/${total}`, left, note].filter(Boolean).join('  ')}\n`);
    if (done >= total) this.close();
  }

  close(): void {
    this.#stage = '';
  }
}

/** `95 s` -> `1 min 35 s`. */
export function duration(seconds: number): string {
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 90) return `${Math.round(seconds)} s`;
  if (seconds < 5400) return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
  return `${(seconds / 3600).toFixed(1)} h`;
}

/** `98362432` -> `98 MB`. */
export function bytes(count: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let value = count;
  let unit = 0;
  for (; value >= 1000 && unit < units.length - 1; unit++) value /= 1000;
  return `${value < 10 && unit > 0 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`;
}
