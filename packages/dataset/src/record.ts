/**
 * What a source says of one study, before anything is chosen: which text to learn, which split, which findings. Each
 * reader of a format gives these.
 */
import type { Mistakes } from '@llama-xr/core';
import type { NihLabel } from '@llama-xr/reports';
import type { Projection, Split } from './study.ts';

export interface SourceView {
  /** As the source names the image: `CXR7_IM-2263-1001`. */
  readonly id: string;
  readonly projection: Projection;
  /** File names, without a folder, under which the image may be found; or paths relative to the image folder. */
  readonly files: readonly string[];
}

export interface SourceRecord {
  readonly id: string;
  readonly patient: string;
  /** Where it stands in the source: `annotation.json#train[7]`, `7.xml`, `indiana_reports.csv:12`. */
  readonly origin: string;
  readonly findings: string;
  readonly impression: string;
  readonly indication: string;
  readonly comparison: string;
  /** [] when the source has none. */
  readonly tags: readonly string[];
  readonly views: readonly SourceView[];
  readonly split?: Split;
  readonly labels?: Partial<Record<NihLabel, 0 | 1>>;
}

export interface Source {
  /** Where `chronological`, those of one patient in the order in which they were taken. */
  readonly records: SourceRecord[];
  readonly chronological?: boolean;
  /** Every file that was read, by path. */
  readonly files: string[];
  readonly licence: string;
  /** Words that whoever uses the data must see. */
  readonly notices: string[];
}

/** A reader of one format. Mistakes of single records are collected, mistakes of the whole are thrown. */
export type ReadSource = (path: string, mistakes: Mistakes) => Promise<Source>;
