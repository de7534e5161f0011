/** A training run of the command line: what decides it, the folder it fills, its events as progress and words. */
import { fail, sha256, sha256File, startRun, writeManifest } from '@llama-xr/core';
import { readStudies, STUDIES_FILE } from '@llama-xr/dataset';
import { loadTokenizer, type ProjectorOrigin, promptNotices } from '@llama-xr/llama';
import { readPredictions } from '@llama-xr/metrics';
import type { Device, Precision } from '@llama-xr/onnx';
import { openGguf } from '@llama-xr/tensor';
import {
  type JobEvent,
  largestBatch,
  type Recipe,
  type RunDescription,
  RunFolder,
  recipeHash,
  runTrainingJob,
  startAt,
  type TrainingData,
  type ValidationEvent,
} from '@llama-xr/train';
import { readFeatures } from '@llama-xr/vision';
import { Drafting } from '../drafts/drafting.ts';
import { exemplarImages } from '../drafts/exemplar-images.ts';
import { withScores } from '../drafts/study-features.ts';
import { imageNotices, readRecipeImages } from '../drafts/study-images.ts';
import { KEPT, memoryParts, stepWithin, totalBytes } from '../plan/training-memory.ts';
import { trainingShape } from '../plan/training-shape.ts';
import { bytes, duration, type Terminal } from '../terminal.ts';
import { version } from '../version.ts';
import { projectorOf } from './second-stage.ts';

/** What a run is made from: paths, and the recipe. */
export interface TrainingSources {
  readonly base: string;
  readonly data: string;
  readonly recipe: Recipe;
  /** A run folder or an adapter to begin from. */
  readonly from?: string;
  /** Drafts of training studies, as generate writes them: what preference tuning holds the reports against. */
  readonly rejected?: string;
  readonly images?: {
    readonly features: string;
    /** As `--encoder` names it. */
    readonly encoder: string;
    /** Heads that read the tags of `data` from the features. */
    readonly heads?: string;
  };
}

export interface TrainingPlan {
  readonly description: RunDescription;
  readonly data: TrainingData;
  /** What the projector reads, in fusions by sight. */
  readonly projector?: ProjectorOrigin;
}

export interface TrainingPlace {
  /** The run folder. */
  readonly out: string;
  readonly mode: 'auto' | 'whole' | 'layered';
  readonly device: Device;
  readonly precision?: Precision | undefined;
  /** In GB. */
  readonly memory?: number | undefined;
  readonly threads?: number | undefined;
  readonly tensorboard?: boolean | undefined;
}

export type TrainingResult = Awaited<ReturnType<typeof follow>>;

/** Everything that decides the run: base, data, recipe, and the examples made of them. */
export async function planTraining(sources: TrainingSources): Promise<TrainingPlan> {
  const { recipe, images, from, rejected } = sources;
  if (rejected !== undefined && recipe.preference === null)
    fail('USAGE', `${rejected}: expected a recipe with preference to hold reports against drafts`);
  const { studies: bare, manifest } = await readStudies(sources.data);
  const features = images && readFeatures(images.features);
  const studies = images && features ? withScores(bare, features, images.features) : bare;
  // The test split is drafted later: what it lacks is told there.
  const learned = studies.filter((study) => study.split !== 'test');
  const begun = from === undefined ? undefined : projectorOf(from, recipe);
  const seen = readRecipeImages(recipe, images?.features, learned, begun);
  using gguf = openGguf(sources.base);
  const drafting = new Drafting({
    recipe,
    tokenizer: loadTokenizer(gguf),
    findings: manifest.dataset.findings,
    train: studies.filter((study) => study.split === 'train'),
    images: seen,
    exemplarImages: exemplarImages(recipe, images?.features),
    ...(rejected !== undefined && { rejected: await draftsById(rejected) }),
  });
  const description: RunDescription = {
    version: 1,
    base: await hashed(sources.base),
    data: { path: sources.data, sha256: manifest.outputs[STUDIES_FILE] ?? '' },
    recipe,
    ...(from !== undefined && { from: await hashedStart(from) }),
    ...(rejected !== undefined && { rejected: await hashed(rejected) }),
    ...(images && {
      images: {
        encoder: images.encoder,
        features: await hashed(images.features),
        ...(images.heads !== undefined && { heads: await hashed(images.heads) }),
      },
    }),
    notices: [
      ...new Set([
        ...manifest.notices,
        ...(features?.origin.notices ?? []),
        ...promptNotices(studies, recipe.fusion),
        ...imageNotices(seen, learned),
      ]),
    ],
  };
  const data = drafting.trainingData(studies.filter((study) => study.split === 'val'));
  return { description, data, ...(seen && { projector: seen }) };
}

const hashed = async (path: string) => ({ path, sha256: await sha256File(path) });

async function hashedStart(from: string) {
  const { adapter, weights, projector } = startAt(from);
  const sha256 = await sha256File(weights);
  return { path: adapter, sha256, ...(projector !== undefined && { projector: await hashed(projector) }) };
}

const draftsById = async (path: string): Promise<Map<string, string>> =>
  new Map((await readPredictions(path)).map(({ id, prediction }) => [id, prediction]));

/** Runs a plan, or goes on with it, and writes the manifest. @throws LlamaXrError RESUME for another run's folder. */
export async function runTraining(plan: TrainingPlan, place: TrainingPlace, terminal: Terminal) {
  const finish = startRun();
  const { description, data, projector } = plan;
  const { out, mode, device, memory, threads, tensorboard = false } = place;
  const folder = await claim(out, description);
  terminal.say(summary(plan));
  const { recipe, base, data: dataset, images, from, notices } = description;
  const events = runTrainingJob({
    base: base.path,
    folder: out,
    recipe,
    data,
    ...(projector && { projector }),
    identity: identityOf(description),
    ...(from && { from: { adapter: from.path, ...(from.projector && { projector: from.projector.path }) } }),
    mode,
    ...(memory !== undefined && howWithin(plan, memory * 1e9, mode, terminal)),
    device,
    tensorboard,
    ...(place.precision !== undefined && { precision: place.precision }),
    ...(threads !== undefined && { threads }),
  });
  const result = await follow(events, terminal);
  const inputs = [base, dataset, images?.features, from, from?.projector].filter((one) => one !== undefined);
  const manifest = finish({
    command: 'train',
    inputs: Object.fromEntries(inputs.map(({ path, sha256 }) => [path, sha256])),
    outputs: {
      'adapter/adapter.gguf': await sha256File(folder.adapterGguf),
      ...(projector && { 'projector.safetensors': await sha256File(folder.projector) }),
    },
    config: { recipe, mode: result.mode },
    seed: recipe.seed,
    device,
    notices,
    versions: { 'llama-xr': version },
  });
  const seconds = Math.max(manifest.seconds, await folder.secondsLogged());
  writeManifest(folder.manifest, { ...manifest, seconds });
  return { folder, ...result };
}

/** How steps run so that the process stays within its memory. */
function howWithin(
  { description: { base, recipe }, data }: TrainingPlan,
  memoryBytes: number,
  mode: TrainingPlace['mode'],
  terminal: Terminal,
) {
  using gguf = openGguf(base.path);
  const shape = trainingShape(gguf, recipe, largestBatch({ data, recipe }));
  const how = stepWithin(shape, memoryBytes, mode);
  const needed = totalBytes(memoryParts(shape, how.mode, how.keptBytes));
  if (needed > memoryBytes)
    terminal.say(
      `NOTE: --memory: ${bytes(memoryBytes)}, but steps that run ${how.mode} take about ${bytes(needed)} at least`,
    );
  return how;
}

/** Takes the folder for this run, or goes on with the run that is there. */
async function claim(path: string, description: RunDescription): Promise<RunFolder> {
  const folder = new RunFolder(path);
  if (!folder.exists) folder.write(description);
  else if (identityOf(await folder.read()) !== identityOf(description)) {
    fail('RESUME', `${path}: holds a run of another recipe, base model or data set`);
  }
  return folder;
}

/** Two runs are the same when recipe, base, data, features and what they begin from are, wherever they lie. */
export function identityOf({ recipe, base, data, images, from, rejected }: RunDescription): string {
  const parts = [
    recipeHash(recipe),
    base.sha256,
    data.sha256,
    images?.features.sha256,
    from && `from ${from.sha256}`,
    from?.projector?.sha256,
    rejected && `rejected ${rejected.sha256}`,
  ];
  return sha256(parts.filter((part) => part !== undefined).join(' '));
}

function summary({ data: { passes, val }, description: { recipe } }: TrainingPlan): string {
  const tokens = passes.flat().reduce((sum, example) => sum + example.tokens.length, 0);
  return `${recipe.name}: ${passes.length} passes, ${passes.map((p) => p.length).join(' + ')} examples, ${tokens} tokens; ${val.length} val studies`;
}

function lookInWords({ step, loss, groundingGap, examples, kept, best }: ValidationEvent): string {
  const when = kept === undefined ? `step ${step}` : `at the end, with the parameters of step ${kept}`;
  const gap = groundingGap === undefined ? '' : `, ${groundingGap.toFixed(4)} more on the prompts of others`;
  return `${when}: val loss ${loss.toFixed(4)} on ${examples} studies${gap}${best ? ', the best so far' : ''}`;
}

async function follow(events: AsyncIterable<JobEvent>, terminal: Terminal) {
  const result = {
    mode: '',
    /** Of what a step may keep for its backward pass. */
    keptBytes: 0,
    steps: 0,
    seconds: 0,
    peakMemoryBytes: 0,
    tokensPerSecond: 0,
    valLossBefore: null as number | null,
    valLoss: null as number | null,
    groundingGap: null as number | null,
    /** The step whose parameters became the adapter. */
    kept: null as number | null,
  };
  let tokens = 0;
  const began = performance.now();
  for await (const event of events) {
    if (event.type === 'reference')
      terminal.say(`${event.pairs} pairs measured as they begin, in ${duration(event.seconds)}`);
    if (event.type === 'open') {
      result.mode = event.mode;
      result.keptBytes = event.keptBytes;
      const kept = event.keptBytes > 0 ? ` with ${bytes(event.keptBytes)} of ${KEPT[event.mode]}` : '';
      terminal.say(
        `${event.trainable.toLocaleString('en-US')} trainable numbers, steps run ${event.mode}${kept}, opened in ${duration(event.seconds)}`,
      );
    } else if (event.type === 'resume') terminal.say(`resumed after step ${event.step}`);
    else if (event.type === 'step') {
      tokens += event.tokens;
      result.steps = event.step;
      terminal.progress({
        stage: 'train',
        done: event.step,
        total: event.of,
        note: `loss ${event.loss.toFixed(3)}  ${event.tokensPerSecond.toFixed(0)} tok/s`,
      });
    } else if (event.type === 'validation') {
      if (event.step === 0) result.valLossBefore = event.loss;
      result.valLoss = event.loss;
      result.groundingGap = event.groundingGap ?? null;
      result.kept = event.kept ?? null;
      terminal.say(lookInWords(event));
    } else if (event.type === 'stop') {
      terminal.say(
        `stopped after step ${event.step} of ${event.of}: no look was better than that after step ${event.best}`,
      );
    } else if (event.type === 'saved') result.peakMemoryBytes = event.peakMemoryBytes;
  }
  result.seconds = (performance.now() - began) / 1000;
  result.tokensPerSecond = tokens / result.seconds;
  return result;
}
