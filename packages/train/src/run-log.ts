/** The run log: one JSON event a line, appended; a resumed run drops what came after its checkpoint. */
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { fileError, writeFileAtomic } from '@llama-xr/core';
import type { TrainEvent } from './trainer.ts';

export function appendEvent(path: string, event: TrainEvent): void {
  try {
    appendFileSync(path, `${JSON.stringify({ at: new Date().toISOString(), ...event })}\n`);
  } catch (error) {
    throw fileError(error, path);
  }
}

/**
 * Keeps what was logged up to the checkpoint of `step`: its step, and the look at val that stands in it. The final look is
 * taken again, and a last line that was cut off by a kill is dropped.
 */
export function truncateLog(path: string, step: number): void {
  if (!existsSync(path)) return;
  const kept = readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => {
      try {
        const event = JSON.parse(line) as TrainEvent;
        const inCheckpoint =
          event.type === 'step' || (event.type === 'validation' && event.kept === undefined);
        return event.step < step || (event.step === step && inCheckpoint);
      } catch {
        return false;
      }
    });
  writeFileAtomic(path, kept.map((line) => `${line}\n`).join(''));
}
