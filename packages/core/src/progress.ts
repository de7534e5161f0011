/** How long jobs tell how far they are. Libraries report; the command line draws. */
export interface Progress {
  /** What is being done, in a word or two: `train`, `encode`. */
  readonly stage: string;
  readonly done: number;
  readonly total: number;
  /** Optional words for the end of the line: `loss 1.32`. */
  readonly note?: string;
}

export type ReportProgress = (progress: Progress) => void;

export const silent: ReportProgress = () => {};
