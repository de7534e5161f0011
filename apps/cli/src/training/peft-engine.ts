/**
 * The PyTorch stack as an engine: a plan exported, trained by torchrun in a Python that has TRL and PEFT, and its adapter
 * taken back as a run folder. `export` and `import-adapter` are its two ends. It does not resume, and installs nothing.
 */
import { spawn, spawnSync } from 'node:child_process';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { fail, sha256File, type startRun, writeJson, writeManifest } from '@llama-xr/core';
import {
  type Adapter,
  adaptedProjections,
  adapterParameters,
  loadAdapter,
  loadTokenizer,
  openBaseWeights,
  saveAdapter,
} from '@llama-xr/llama';
import { openGguf } from '@llama-xr/tensor';
import { AdamW, parseRecipe, type Recipe, RunFolder, saveCheckpoint } from '@llama-xr/train';
import type { Terminal } from '../terminal.ts';
import { version } from '../version.ts';
import { identityOf, planTraining, type TrainingPlan, type TrainingSources } from './training-run.ts';
import { exportToTrl, type TrlExport } from './trl-export.ts';

/** What `train --recipe` needs to go on from an adapter that was taken back. */
export const RECIPE_FILE = 'recipe.json';
/** Lines of torchrun that are shown when it fails. */
const LAST_LINES = 30;
const PACKAGES = ['torch', 'transformers', 'datasets', 'accelerate', 'trl', 'peft'];
const ASK = `import importlib.metadata as m, json, sys
def version(name):
    try: return m.version(name)
    except m.PackageNotFoundError: return None
print(json.dumps({name: version(name) for name in sys.argv[1:]}))`;

/** Writes what torchrun reads. `torchBase` is the GGUF where no folder or hub name is given. */
export function exportPlan(
  plan: TrainingPlan,
  { out, processes, torchBase }: { out: string; processes: number; torchBase: string },
): TrlExport {
  using gguf = openGguf(plan.description.base.path);
  return exportToTrl(plan, { out, processes, tokenizer: loadTokenizer(gguf), torchBase });
}

/**
 * Versions of the packages that training needs, by name.
 * @throws LlamaXrError CONFIG where the interpreter does not run, or lacks packages: it names them for pip.
 */
export function packagesOf(python: string, torchBase: string): Record<string, string> {
  const needed = torchBase.endsWith('.gguf') ? [...PACKAGES, 'gguf'] : PACKAGES;
  const { error, status, stdout, stderr } = spawnSync(python, ['-c', ASK, ...needed], { encoding: 'utf8' });
  const hint = 'Name a Python with --python or LLAMA_XR_PYTHON.';
  if (error) fail('CONFIG', `${python}: expected a Python that runs, got ${error.message}`, { hint });
  if (status !== 0)
    fail('CONFIG', `${python}: expected a Python, got exit code ${status}: ${stderr.trim()}`, { hint });
  const found = JSON.parse(stdout) as Record<string, string | null>;
  const missing = needed.filter((name) => !found[name]);
  if (missing.length > 0)
    fail('CONFIG', `${python}: expected ${needed.join(', ')}, lacks ${missing.join(', ')}`, {
      hint: `${python} -m pip install ${missing.join(' ')}`,
    });
  return found as Record<string, string>;
}

/** Starts a program that starts others: a signal that ends this process ends them all. */
function spawnGroup(
  program: string,
  args: readonly string[],
  options: { cwd: string; env: NodeJS.ProcessEnv },
) {
  const child = spawn(program, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  const end = (signal: NodeJS.Signals) => {
    if (child.pid !== undefined) process.kill(-child.pid, signal);
    process.kill(process.pid, signal);
  };
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const signal of signals) process.once(signal, end);
  child.once('close', () => {
    for (const signal of signals) process.off(signal, end);
  });
  return child;
}

/** Runs train.py of `folder` under torchrun; each loss that it prints is a step of progress. @throws LlamaXrError ENGINE. */
export async function runTorch(
  python: string,
  { folder, processes, steps }: { folder: string; processes: number; steps: number },
  terminal: Pick<Terminal, 'progress'>,
): Promise<void> {
  const launch = ['-m', 'torch.distributed.run', '--nproc-per-node', `${processes}`, 'train.py'];
  const child = spawnGroup(python, launch, {
    cwd: folder,
    env: { ...process.env, PYTHONUNBUFFERED: '1' },
  });
  const ended = new Promise<number | string>((done, broken) => {
    child.once('error', broken);
    child.once('close', (code, signal) => done(code ?? signal ?? 'no code'));
  });
  const last: string[] = [];
  let done = 0;
  const read = (line: string) => {
    const loss = /'loss': '?([^',}\s]+)/.exec(line)?.[1];
    if (loss !== undefined)
      terminal.progress({
        stage: 'train',
        done: ++done,
        total: steps,
        note: `loss ${Number(loss).toFixed(3)}`,
      });
    else if (line.trim() !== '' && last.push(line) > LAST_LINES) last.shift();
  };
  for (const input of [child.stdout, child.stderr]) createInterface({ input }).on('line', read);
  const code = await ended;
  if (code !== 0)
    fail('ENGINE', `torchrun: expected exit code 0, got ${code}; its last lines:\n${last.join('\n')}`);
}

export interface TakenAdapter {
  readonly adapter: Adapter;
  readonly recipe: Recipe;
  readonly notices: readonly string[];
}

/** Makes a run folder of a PEFT adapter. `record` is what its manifest says beside inputs, outputs and recipe. */
export async function takeAdapter(
  source: string,
  sources: TrainingSources,
  {
    out,
    name,
    finish,
    record,
  }: {
    out: string;
    /** Of the recipe, in errors. */
    name: string;
    finish: ReturnType<typeof startRun>;
    record: { command: string; config?: object; versions?: Record<string, string> };
  },
): Promise<TakenAdapter> {
  const { base, data } = sources;
  const folder = new RunFolder(out);
  const adapter = readAdapter(source, base);
  const recipe = recipeOf(sources.recipe, adapter, name);
  const { description } = await planTraining({ ...sources, recipe });
  const parameters = adapterParameters(adapter, recipe);
  saveAdapter(folder.adapter, adapter, { base });
  const identity = identityOf(description);
  saveCheckpoint(folder.checkpoint, parameters, new AdamW(parameters.length, recipe), { identity, step: 0 });
  // Last, so that a folder with a description is a whole run.
  writeJson(join(out, RECIPE_FILE), recipe);
  folder.write(description);
  const weights = join(source, 'adapter_model.safetensors');
  const { notices } = description;
  const inputs = { [base]: description.base.sha256, [data]: description.data.sha256 };
  writeManifest(
    folder.manifest,
    finish({
      command: record.command,
      inputs: { ...inputs, [weights]: await sha256File(weights) },
      outputs: { 'adapter/adapter.gguf': await sha256File(folder.adapterGguf) },
      config: { recipe, ...record.config },
      seed: recipe.seed,
      notices,
      versions: { 'llama-xr': version, ...record.versions },
    }),
  );
  return { adapter, recipe, notices };
}

function readAdapter(source: string, base: string): Adapter {
  using weights = openBaseWeights(base);
  return loadAdapter(source, weights.config);
}

/** The recipe with the adapter's own shape: rank-stabilised scaling is an alpha by now. */
function recipeOf(given: Recipe, adapter: Adapter, name: string): Recipe {
  const { rank, alpha } = adapter;
  return parseRecipe(
    { ...given, rank, alpha, scaling: 'alpha/r', targets: adaptedProjections(adapter) },
    name,
  );
}

/** A Python that is a path stays one when torchrun runs in another folder. */
export const pythonPath = (python: string): string => (/[/\\]/.test(python) ? resolve(python) : python);
