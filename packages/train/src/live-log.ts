/** What a run shows of itself while it goes on: its log, a page of curves, and TensorBoard's file where it is asked for. */
import { writeFileAtomic } from '@llama-xr/core';
import { curvesPage } from './curves.ts';
import type { RunFolder } from './run-folder.ts';
import { appendEvent, readEvents, truncateLog } from './run-log.ts';
import { TensorboardFile } from './tensorboard.ts';
import type { TrainEvent } from './trainer.ts';

export interface LiveLogOptions {
  /** The step whose checkpoint the run goes on from; what was logged after it is dropped. -1: a run from its start. */
  readonly resumedAt: number;
  readonly tensorboard?: boolean;
}

export class LiveLog {
  readonly #folder: RunFolder;
  readonly #title: string;
  readonly #tensorboard: TensorboardFile | undefined;

  constructor(folder: RunFolder, title: string, { resumedAt, tensorboard = false }: LiveLogOptions) {
    this.#folder = folder;
    this.#title = title;
    truncateLog(folder.log, resumedAt);
    if (tensorboard) this.#tensorboard = new TensorboardFile(folder.tensorboard, readEvents(folder.log));
  }

  append(event: TrainEvent): void {
    const logged = appendEvent(this.#folder.log, event);
    this.#tensorboard?.append(logged);
    if (event.type !== 'validation') return;
    writeFileAtomic(this.#folder.curves, curvesPage(readEvents(this.#folder.log), this.#title));
  }
}
