/**
 * A protocol is how a score was taken: what was done to both texts, and which scorers read them. The same drafts get
 * scores twofold apart under two protocols, so a score never stands without the name of its own.
 */
import { fail } from '@llama-xr/core';
import { tokenizePtb } from './ptb/ptb-tokenizer.ts';
import { cleanR2gen } from './r2gen.ts';
import { scorers } from './registry.ts';
import type { Scorer } from './scorer.ts';

export interface Protocol {
  readonly name: string;
  /** One line for tables: the cleaning, then the scorers. */
  readonly title: string;
  /** What is done to predictions and references alike. */
  clean(text: string): string;
  readonly scorers: readonly Scorer[];
}

const COCO = [scorers.bleu, scorers.rougeL, scorers.cider];

export const protocols = {
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
    scorers: COCO,
  },
  r2gen: {
    name: 'r2gen',
    title: "R2Gen's cleaning for IU X-ray, at most 60 words; pycocoevalcap's scorers",
    clean: cleanR2gen,
    scorers: COCO,
  },
  alnum: {
    name: 'alnum',
    title: "lower-cased, all but letters and digits to spaces; pycocoevalcap's scorers",
    clean: cleanAlphanumeric,
    scorers: COCO,
  },
  paper: {
    name: 'paper',
    title: 'texts as given: NLTK sentence BLEU (smoothing 1), rouge_score ROUGE-L with stemmer, NLTK METEOR',
    clean: (text) => text,
    scorers: [scorers.sentenceBleuNltk, scorers.rougeScoreL, scorers.meteorNltk],
  },
} as const satisfies Record<string, Protocol>;

export type ProtocolName = keyof typeof protocols;

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
