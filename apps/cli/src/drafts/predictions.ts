/** Predictions while they are made: each draft is appended and flushed, so that a killed run goes on where it was. */
import { closeSync, existsSync, fsyncSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { fileError, sha256, writeFileAtomic, writeJsonLines } from '@llama-xr/core';

/** One draft with all that is needed to judge it. */
export interface Draft {
  readonly id: string;
  readonly prediction: string;
  readonly references: readonly string[];
  readonly abnormal: boolean;
  /** The findings that the model was told, as tags. */
  readonly input?: readonly string[];
  /** The training report with the nearest findings: the baseline to beat. */
  readonly lookup?: string;
  /** True where a training report was chosen as it stands. */
  readonly retrieved: boolean;
  /** Mean log probability of the draft's tokens; null where it was retrieved. */
  readonly logProbability: number | null;
  readonly notices: readonly string[];
}

export class PartialPredictions {
  readonly #path: string;
  readonly #done = new Map<string, Draft>();
  #descriptor: number | undefined;

  /** @param out the final file; `key` decides whether drafts that are there already still hold. */
  constructor(out: string, key: string) {
    this.#path = `${out}.part`;
    const header = JSON.stringify({ key: sha256(key) });
    const [first, ...lines] = existsSync(this.#path) ? readFileSync(this.#path, 'utf8').split('\n') : [];
    const kept = first === header ? lines.filter((line) => this.#accept(line)) : [];
    writeFileAtomic(this.#path, [header, ...kept].map((line) => `${line}\n`).join(''));
    try {
      this.#descriptor = openSync(this.#path, 'a');
    } catch (error) {
      throw fileError(error, this.#path);
    }
  }

  get(id: string): Draft | undefined {
    return this.#done.get(id);
  }

  get size(): number {
    return this.#done.size;
  }

  add(draft: Draft): void {
    this.#done.set(draft.id, draft);
    try {
      writeSync(this.#descriptor as number, `${JSON.stringify(draft)}\n`);
      fsyncSync(this.#descriptor as number);
    } catch (error) {
      throw fileError(error, this.#path);
    }
  }

  /** Writes the whole file in the order of `ids` and drops the partial one. */
  finish(out: string, ids: readonly string[]): void {
    writeJsonLines(
      out,
      ids.map((id) => this.#done.get(id)),
    );
    this.close();
  }

  /** Drops the partial file: what is worth keeping has been written. */
  close(): void {
    closeSync(this.#descriptor as number);
    rmSync(this.#path);
  }

  /** A line that was cut off by a kill is dropped. */
  #accept(line: string): boolean {
    try {
      const draft = JSON.parse(line) as Draft;
      this.#done.set(draft.id, draft);
      return true;
    } catch {
      return false;
    }
  }
}
