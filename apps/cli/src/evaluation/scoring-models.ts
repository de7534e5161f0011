/** Models and data that a user may supply for scoring: METEOR's own tables, an encoder for BERTScore, CheXbert. */
import { join } from 'node:path';
import { sha256File } from '@llama-xr/core';
import {
  bertScore,
  openMeteorData,
  type Prediction,
  type Protocol,
  protocolNamed,
  protocolsWith,
  type ReportReader,
  reportReader,
  type ScoreOptions,
  textsToScore,
} from '@llama-xr/metrics';
import { type ChexbertLabels, openChexbert, openTextEncoder, TokenVectorStore } from '@llama-xr/text-models';

/** Folders, each as `--help` says; null where there is none. */
export interface ScoringModels {
  readonly meteorData: string | null;
  readonly bertscore: string | null;
  readonly chexbert: string | null;
}

/** What they change in how drafts are scored. */
export async function scoringWith(
  models: ScoringModels,
  protocols: readonly string[],
  predictions: readonly Prediction[],
  options: ScoreOptions,
): Promise<Pick<ScoreOptions, 'protocols' | 'reader'>> {
  const { meteorData, bertscore, chexbert } = models;
  const known = meteorData === null ? undefined : protocolsWith(await openMeteorData(meteorData));
  const chosen: Protocol[] = protocols.map(
    (name) => known?.[name as keyof typeof known] ?? protocolNamed(name),
  );
  const texts = bertscore === null && chexbert === null ? [] : textsToScore(predictions, options);
  if (bertscore !== null) chosen.push(await bertProtocol(bertscore, texts));
  return { protocols: chosen, ...(chexbert !== null && { reader: await chexbertReader(chexbert, texts) }) };
}

async function bertProtocol(folder: string, texts: readonly string[]): Promise<Protocol> {
  await using encoder = await openTextEncoder({ model: join(folder, 'model.onnx'), tokenizer: folder });
  const store = new TokenVectorStore(encoder);
  await store.prepare(texts);
  return {
    name: 'bertscore',
    title: `texts as given; BERTScore by the encoder in ${folder}`,
    clean: (text) => text,
    scorers: [bertScore(store.of)],
  };
}

/** CheXbert's labels in place of our own; findings, graph and errors stay ours. */
async function chexbertReader(folder: string, texts: readonly string[]): Promise<ReportReader> {
  await using chexbert = await openChexbert({ model: join(folder, 'model.onnx'), tokenizer: folder });
  const labels = await chexbert.labels(texts);
  const known = new Map(texts.map((text, i) => [text, labels[i] as ChexbertLabels]));
  return reportReader({ labels: (text) => known.get(text) as ChexbertLabels });
}

/** Path -> SHA-256 of the models that were used. */
export async function hashModels({ bertscore, chexbert }: ScoringModels): Promise<Record<string, string>> {
  const paths = [bertscore, chexbert].flatMap((folder) =>
    folder === null ? [] : [join(folder, 'model.onnx')],
  );
  return Object.fromEntries(await Promise.all(paths.map(async (path) => [path, await sha256File(path)])));
}
