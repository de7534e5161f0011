/**
 * Models and data that a user may supply for scoring: METEOR's own tables, an encoder for BERTScore, CheXbert, and the graphs
 * that RadGraph has read from the texts.
 */
import { join } from 'node:path';
import { fail, sha256File, writeJson } from '@llama-xr/core';
import {
  bertScore,
  openMeteorData,
  type Prediction,
  type Protocol,
  protocolNamed,
  protocolsWith,
  reportReader,
  type ScoreOptions,
  textsToScore,
} from '@llama-xr/metrics';
import {
  type ChexbertLabels,
  openChexbert,
  openTextEncoder,
  type RadgraphGraph,
  readRadgraph,
  TokenVectorStore,
} from '@llama-xr/text-models';

/** Folders and files, each as `--help` says; null where there is none. */
export interface ScoringModels {
  readonly meteorData: string | null;
  readonly bertscore: string | null;
  readonly chexbert: string | null;
  readonly radgraph?: string | null;
}

/** What they change in how drafts are scored. */
export async function scoringWith(
  models: ScoringModels,
  protocols: readonly string[],
  predictions: readonly Prediction[],
  options: ScoreOptions,
): Promise<Pick<ScoreOptions, 'protocols' | 'reader'>> {
  const { meteorData, bertscore, chexbert, radgraph = null } = models;
  const known = meteorData === null ? undefined : protocolsWith(await openMeteorData(meteorData));
  const chosen: Protocol[] = protocols.map(
    (name) => known?.[name as keyof typeof known] ?? protocolNamed(name),
  );
  const needed = [bertscore, chexbert, radgraph].some((model) => model !== null);
  const texts = needed ? textsToScore(predictions, options) : [];
  if (bertscore !== null) chosen.push(await bertProtocol(bertscore, texts));
  if (chexbert === null && radgraph === null) return { protocols: chosen };
  const reader = reportReader({
    ...(chexbert !== null && { labels: await chexbertLabels(chexbert, texts) }),
    ...(radgraph !== null && { graph: await radgraphGraphs(radgraph, texts) }),
  });
  return { protocols: chosen, reader };
}

/** Writes the texts that RadGraph has to read for `--radgraph`, as a JSON list. @returns how many */
export function writeTextsForRadgraph(
  path: string,
  predictions: readonly Prediction[],
  options: ScoreOptions,
): number {
  const texts = textsToScore(predictions, options);
  writeJson(path, texts);
  return texts.length;
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

/** CheXbert's labels in place of our own. */
async function chexbertLabels(folder: string, texts: readonly string[]) {
  await using chexbert = await openChexbert({ model: join(folder, 'model.onnx'), tokenizer: folder });
  const labels = await chexbert.labels(texts);
  const known = new Map(texts.map((text, i) => [text, labels[i] as ChexbertLabels]));
  return (text: string) => known.get(text) as ChexbertLabels;
}

/** RadGraph's graphs in place of our own: its answer to the list of {@link writeTextsForRadgraph}, keys "0", "1", ... */
async function radgraphGraphs(path: string, texts: readonly string[]) {
  const graphs = await readRadgraph(path);
  const known = new Map<string, RadgraphGraph>();
  for (const [i, text] of texts.entries()) {
    const graph = graphs.get(String(i));
    if (graph === undefined || letters(graph.report) !== letters(text))
      fail(
        'INPUT',
        `${path}: report ${i}: expected "${text.slice(0, 40)}", got ${graph ? `"${graph.report.slice(0, 40)}"` : 'none'}; --radgraph-texts writes the list that RadGraph has to read`,
      );
    known.set(text, graph);
  }
  return (text: string) => known.get(text) as RadgraphGraph;
}

/** What is left of a text that RadGraph has split and cleaned in its own way. */
const letters = (text: string): string => text.toLowerCase().replace(/[^\p{L}\p{N}]/gu, '');

/** Path -> SHA-256 of the models that were used. */
export async function hashModels(models: ScoringModels): Promise<Record<string, string>> {
  const { bertscore, chexbert, radgraph = null } = models;
  const paths = [bertscore, chexbert].flatMap((folder) =>
    folder === null ? [] : [join(folder, 'model.onnx')],
  );
  if (radgraph !== null) paths.push(radgraph);
  return Object.fromEntries(await Promise.all(paths.map(async (path) => [path, await sha256File(path)])));
}
