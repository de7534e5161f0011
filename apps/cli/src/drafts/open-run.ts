/** A run folder opened for drafting: its description, tokenizer, prompts, projector, and a generator here or on a server. */
import { fail, sha256File } from '@llama-xr/core';
import type { Dataset } from '@llama-xr/dataset';
import { hasSoftTokens, loadProjector, loadTokenizer, type Projector, type Tokenizer } from '@llama-xr/llama';
import { type DeviceChoice, type Generator, openGenerator } from '@llama-xr/llamacpp';
import { openGguf } from '@llama-xr/tensor';
import { type Recipe, type RunDescription, RunFolder, readRecipe } from '@llama-xr/train';
import { Drafting } from './drafting.ts';
import { type EndpointFlags, endpointNotice, openServer } from './endpoint.ts';
import { exemplarImages } from './exemplar-images.ts';
import { imagesOfRun } from './study-images.ts';

export interface OpenRunFlags extends EndpointFlags {
  readonly run: string;
  readonly base?: string;
  /** What the encoder saw of the data set; where the run had it, if absent. */
  readonly features?: string;
  /** A recipe file whose decoding is used instead of the run's. */
  readonly recipe?: string;
  readonly threads?: number;
  /** Where llama.cpp computes; the CPU, if absent. */
  readonly device?: DeviceChoice;
  readonly parallel: number;
}

/** What drafts need of a generator; only one of our own tells what it used, and where it computes. */
export type DraftGenerator = Pick<Generator, 'generate'> &
  Partial<Pick<Generator, 'usage' | 'model'>> &
  AsyncDisposable;

export interface OpenedRun extends AsyncDisposable {
  readonly folder: RunFolder;
  readonly description: RunDescription;
  /** The run's, or that of the recipe given in its place. */
  readonly decoding: Recipe['decoding'];
  readonly tokenizer: Tokenizer;
  readonly drafting: Drafting;
  /** Of runs that read images. */
  readonly projector?: Projector;
  readonly generator: DraftGenerator;
  /** What every reader of its drafts must see. */
  readonly notices: readonly string[];
}

/**
 * @param dataset the data set whose training split gives the exemplars.
 * @throws LlamaXrError when the base is not the one the adapter was trained on.
 */
export async function openRun(flags: OpenRunFlags, dataset: Dataset): Promise<OpenedRun> {
  const folder = new RunFolder(flags.run);
  const description = await folder.read();
  const base = flags.base ?? description.base.path;
  if ((await sha256File(base)) !== description.base.sha256) {
    fail('MODEL', `${base}: not the base that ${flags.run} was trained on (sha256 differs)`);
  }
  using gguf = openGguf(base);
  const tokenizer = loadTokenizer(gguf);
  const trained = description.recipe;
  const decoding = flags.recipe === undefined ? trained.decoding : (await readRecipe(flags.recipe)).decoding;
  const recipe = { ...trained, decoding };
  const train = dataset.studies.filter((study) => study.split === 'train');
  const seeing = hasSoftTokens(recipe.fusion);
  await using opening = new AsyncDisposableStack();
  const projector = seeing ? opening.use(await loadProjector(folder.projector)) : undefined;
  const features = flags.features ?? description.images?.features.path;
  const drafting = new Drafting({
    recipe,
    tokenizer,
    findings: dataset.manifest.dataset.findings,
    train,
    images: projector && features !== undefined ? imagesOfRun(features, projector) : undefined,
    exemplarImages: exemplarImages(recipe, features),
  });
  const generator = opening.use(
    flags.endpoint === undefined
      ? await openGenerator({
          base,
          adapter: folder.adapterGguf,
          contextTokens: recipe.maxTokens + decoding.maxTokens,
          parallel: flags.parallel,
          ...(flags.threads !== undefined && { threads: flags.threads }),
          ...(flags.device !== undefined && { device: flags.device }),
        })
      : await openServer(flags, flags.endpoint, { tokenizer, fusion: recipe.fusion }),
  );
  const open = opening.move();
  return {
    folder,
    description,
    decoding,
    tokenizer,
    drafting,
    ...(projector && { projector }),
    generator,
    notices: [...description.notices, ...endpointNotice(flags)],
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  };
}
