/** The run log: one JSON event a line, appended; a resumed run drops what came after its checkpoint. */
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { fileError, writeFileAtomic } from '@llama-xr/core';
import type { TrainEvent } from './trainer.ts';

/** An event and when it was logged. */
export type LoggedEvent = TrainEvent & { readonly at: string };

/** Appends an event with its time. */
export function appendEvent(path: string, event: TrainEvent): LoggedEvent {
  const logged = { at: new Date().toISOString(), ...event };
  try {
    appendFileSync(path, `${JSON.stringify(logged)}\n`);
  } catch (error) {
    throw fileError(error, path);
  }
  return logged;
}

/** All events of a log; none where there is no file. A torn line is left out. */
export function readEvents(path: string): LoggedEvent[] {
  if (!existsSync(path)) return [];
  return readFileSync(path, 'utf8')
    .split('\n')
    .flatMap((line) => {
      const event = parseEvent(line);
      return event === undefined ? [] : [event];
    });
}

function parseEvent(line: string): LoggedEvent | undefined {
  try {
    return JSON.parse(line) as LoggedEvent;
  } catch {
    return undefined;
  }
}

/**
 * Keeps what was logged up to the checkpoint of `step`: its step, and the look at val that stands in it. The final look is
 * taken again, and a last line that was cut off by a kill is dropped.
 */
export function truncateLog(path: string, step: number): void {
  if (!existsSync(path)) return;
  const kept = readEvents(path).filter((event) => {
    const inCheckpoint = event.type === 'step' || (event.type === 'validation' && event.kept === undefined);
    return event.step < step || (event.step === step && inCheckpoint);
  });
  writeFileAtomic(path, kept.map((event) => `${JSON.stringify(event)}\n`).join(''));
}
