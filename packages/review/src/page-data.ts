/** What a page holds and what it exports: plain data, shared by the program that makes it and the script that runs in it. */

export const PACK_FORMAT = 'llama-xr review';
export const RESULTS_FORMAT = 'llama-xr review results';

export interface Choice {
  readonly id: string;
  readonly name: string;
  readonly help: string;
}

/** One reader's page. Nothing in it says which report is whose. */
export interface ReviewPage {
  readonly format: typeof PACK_FORMAT;
  readonly pack: string;
  readonly reader: string;
  readonly title: string;
  readonly ratings: readonly Choice[];
  readonly radpeer: readonly Choice[];
  readonly errorClasses: readonly Choice[];
  readonly images: readonly PageImage[];
  readonly items: readonly PageItem[];
}

export interface PageImage {
  readonly projection: 'frontal' | 'lateral' | 'unknown';
  /** `data:image/jpeg;base64,...` */
  readonly source: string;
}

export interface PageItem {
  /** From 1, in the order of this reader. */
  readonly number: number;
  /** Why the study was made, where it is known. */
  readonly indication?: string;
  /** Places in `images`. */
  readonly images: readonly number[];
  readonly reports: readonly { readonly slot: Slot; readonly text: string }[];
}

export type Slot = 'A' | 'B';

/** The file that a reader sends back. */
export interface ReviewResults {
  readonly format: typeof RESULTS_FORMAT;
  readonly version: 1;
  readonly pack: string;
  readonly reader: string;
  readonly exportedAt: string;
  readonly items: readonly ItemAnswer[];
}

export interface ItemAnswer {
  readonly number: number;
  /** Seconds that the item was on the screen. */
  seconds: number;
  /** null until it is chosen, and where there is one report. */
  preference: Slot | 'equal' | null;
  comment: string;
  readonly reports: ReportAnswer[];
}

export interface ReportAnswer {
  readonly slot: Slot;
  /** By the id of the rating, 1 to 5. */
  readonly ratings: Record<string, number>;
  radpeer: string | null;
  errors: ErrorMark[];
}

export interface ErrorMark {
  readonly errorClass: string;
  readonly significant: boolean;
  /** Characters [start, end) of the report; null where the error is that something is missing. */
  readonly span: { readonly start: number; readonly end: number } | null;
}
