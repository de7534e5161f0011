/** A run folder opened for drafting: its description, tokenizer, prompts and generator. */
import { fail, sha256File } from '@llama-xr/core';
import type { Dataset } from '@llama-xr/dataset';
import { loadTokenizer, type Tokenizer } from '@llama-xr/llama';
import { type Generator, openGenerator } from '@llama-xr/llamacpp';
import { openGguf } from '@llama-xr/tensor';
import { type Recipe, type RunDescription, RunFolder, readRecipe } from '@llama-xr/train';
import { Drafting } from './drafting.ts';

export interface OpenRunFlags {
  readonly run: string;
  readonly base?: string;
  /** A recipe file whose decoding is used instead of the run's. */
  readonly recipe?: string;
  readonly threads?: number;
  readonly parallel: number;
}

export interface OpenedRun extends AsyncDisposable {
  readonly folder: RunFolder;
  readonly description: RunDescription;
  /** The run's, or that of the recipe given in its place. */
  readonly decoding: Recipe['decoding'];
  readonly tokenizer: Tokenizer;
  readonly drafting: Drafting;
  readonly generator: Generator;
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
  const drafting = new Drafting({ recipe, tokenizer, findings: dataset.manifest.dataset.findings, train });
  const generator = await openGenerator({
    base,
    adapter: folder.adapterGguf,
    contextTokens: recipe.maxTokens + decoding.maxTokens,
    parallel: flags.parallel,
    ...(flags.threads === undefined ? {} : { threads: flags.threads }),
  });
  const close = () => generator[Symbol.asyncDispose]();
  return { folder, description, decoding, tokenizer, drafting, generator, [Symbol.asyncDispose]: close };
}
