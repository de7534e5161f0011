/**
 * A protocol is how a score was taken: what was done to both texts, and which scorers read them. The same drafts get
 * scores twofold apart under two protocols, so a score never stands without the name of its own.
 */
import { fail } from '@llama-xr/core';
import type { MeteorData } from './meteor/data.ts';
import { tokenizePtb } from './ptb/ptb-tokenizer.ts';
import { cleanR2gen } from './r2gen.ts';
import { scorers } from './registry.ts';
import type { Scorer } from './scorer.ts';
import { meteor15 } from './scorers/meteor-15.ts';

export interface Protocol {
  readonly name: string;
  /** One line for tables: the cleaning, then the scorers. */
  readonly title: string;
  /** What is done to predictions and references alike. */
  clean(text: string): string;
  readonly scorers: readonly Scorer[];
}

const COCO = [scorers.bleu, scorers.rougeL, scorers.cider];

const PROTOCOLS = {
  plain: {
    name: 'plain',
    title: "texts as given, words split at spaces; pycocoevalcap's scorers",
    clean: (text) => text,
    scorers: COCO,
  },
  coco: {
    name: 'coco',
    title: "pycocoevalcap's PTB tokens, lower-cased, without punctuation; its scorers",
    clean: (text) => tokenizePtb(text).join(' '),
    scorers: [...COCO, scorers.meteor15],
  },
  r2gen: {
    name: 'r2gen',
    title: "R2Gen's cleaning for IU X-ray, at most 60 words; pycocoevalcap's scorers",
    clean: cleanR2gen,
    scorers: [...COCO, scorers.meteor15],
  },
  alnum: {
    name: 'alnum',
    title: "lower-cased, all but letters and digits to spaces; pycocoevalcap's scorers",
    clean: cleanAlphanumeric,
    scorers: COCO,
  },
  paper: {
    name: 'paper',
    title: 'texts as given: NLTK sentence BLEU (smoothing 1), rouge_score with stemmer, NLTK METEOR',
    clean: (text) => text,
    scorers: [scorers.sentenceBleuNltk, scorers.rougeScore, scorers.meteorNltk],
  },
} as const satisfies Record<string, Protocol>;

export type ProtocolName = keyof typeof PROTOCOLS;

export const protocols: Readonly<Record<ProtocolName, Protocol>> = PROTOCOLS;

/** The protocols with METEOR-1.5 as its own data make it. */
export function protocolsWith(meteor: MeteorData): Readonly<Record<ProtocolName, Protocol>> {
  const own = meteor15(meteor);
  const replaced = Object.entries(protocols).map(([name, protocol]) => [
    name,
    { ...protocol, scorers: protocol.scorers.map((scorer) => (scorer.name === own.name ? own : scorer)) },
  ]);
  return Object.fromEntries(replaced) as Record<ProtocolName, Protocol>;
}

/** A text on its way into the scores: as the protocol cleans it, then as each of its scorers splits it. */
export interface SeenText {
  readonly cleaned: string;
  /** By the scorer's name. */
  readonly words: Readonly<Record<string, string>>;
}

export function textAsSeen({ clean, scorers }: Protocol, text: string): SeenText {
  const cleaned = clean(text);
  return {
    cleaned,
    words: Object.fromEntries(scorers.map(({ name, sees }) => [name, sees?.(cleaned) ?? cleaned])),
  };
}

/** Lower case; every run of anything but letters and digits becomes one space. */
export function cleanAlphanumeric(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
    .trim();
}

/** @throws LlamaXrError USAGE, naming the protocols there are. */
export function protocolNamed(name: string): Protocol {
  if (Object.hasOwn(protocols, name)) return protocols[name as ProtocolName];
  fail('USAGE', `protocol: expected one of ${Object.keys(protocols).join(', ')}, got ${name}`);
}
