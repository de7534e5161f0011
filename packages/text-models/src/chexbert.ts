/**
 * CheXbert (Smit et al., "CheXbert: combining automatic labelers and expert annotations", EMNLP 2020): BERT with 14 heads that
 * label a report, as reference/text_models.py exports a user's checkpoint. The weights have their own licence and are
 * not shipped. Tested with random weights of the same structure, not with Stanford's.
 */
import { fail } from '@llama-xr/core';
import { openTextEncoder, type TextEncoder, type TextEncoderOptions } from './text-encoder.ts';

/** In the order of the model's heads. */
export const CONDITIONS = [
  'Enlarged Cardiomediastinum',
  'Cardiomegaly',
  'Lung Opacity',
  'Lung Lesion',
  'Edema',
  'Consolidation',
  'Pneumonia',
  'Atelectasis',
  'Pneumothorax',
  'Pleural Effusion',
  'Pleural Other',
  'Fracture',
  'Support Devices',
  'No Finding',
] as const;

/** 1 positive, 0 negative, -1 uncertain, null not mentioned; `No Finding` is 1 or null. */
export type ChexbertLabels = Record<(typeof CONDITIONS)[number], 1 | 0 | -1 | null>;

/** What the classes of a head mean, in its order. */
const CLASSES = [null, 1, 0, -1] as const;
/** Classes of each head: 13 of 4, `No Finding` of 2. */
const CLASS_COUNTS = CONDITIONS.map((condition) => (condition === 'No Finding' ? 2 : CLASSES.length));
const LOGITS = CLASS_COUNTS.reduce((sum, count) => sum + count, 0);

export class Chexbert implements AsyncDisposable {
  readonly #encoder: TextEncoder;

  constructor(encoder: TextEncoder) {
    this.#encoder = encoder;
  }

  /** Labels reports; line breaks count as spaces, and words past 512 tokens are not read. */
  async labels(reports: readonly string[]): Promise<ChexbertLabels[]> {
    const encoded = await this.#encoder.encode(reports.map((report) => report.replace(/\s+/g, ' ')));
    return encoded.map(({ values }) => labelsOf(values));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#encoder[Symbol.asyncDispose]();
  }
}

/** @throws LlamaXrError FILE_*, MODEL, ENGINE */
export async function openChexbert(options: TextEncoderOptions): Promise<Chexbert> {
  return new Chexbert(await openTextEncoder(options));
}

/** @param logits of all heads, one after the other. */
function labelsOf(logits: Float32Array): ChexbertLabels {
  if (logits.length !== LOGITS)
    fail('MODEL', `CheXbert: expected ${LOGITS} logits a report, got ${logits.length}`);
  let start = 0;
  const labels = CONDITIONS.map((condition, i) => {
    const head = logits.subarray(start, start + (CLASS_COUNTS[i] as number));
    start += head.length;
    return [condition, CLASSES[head.indexOf(Math.max(...head))]];
  });
  return Object.fromEntries(labels) as ChexbertLabels;
}
