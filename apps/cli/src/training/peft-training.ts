/** `train --engine peft`: export, torchrun and import as one run. */
import { join, resolve } from 'node:path';
import { fail, readJson, startRun, writeFileAtomic, writeJsonLines } from '@llama-xr/core';
import { curvesPage, RunFolder, readEvents } from '@llama-xr/train';
import type { Terminal } from '../terminal.ts';
import { exportPlan, packagesOf, pythonPath, runTorch, takeAdapter } from './peft-engine.ts';
import { planTraining, type TrainingSources } from './training-run.ts';
import { checkRecipe } from './trl-export.ts';

export interface PeftPlace {
  readonly out: string;
  readonly python: string;
  readonly processes: number;
  /** A folder or hub name of Hugging Face's; the GGUF, dequantized there, where absent. */
  readonly torchBase?: string | undefined;
}

/** @throws LlamaXrError RESUME for a folder with a run, CONFIG for recipe or Python, ENGINE where torchrun fails. */
export async function trainWithPeft(sources: TrainingSources, place: PeftPlace, terminal: Terminal) {
  const finish = startRun();
  const { recipe, base } = sources;
  const { out, processes, torchBase = resolve(base) } = place;
  const folder = new RunFolder(out);
  if (folder.exists) fail('RESUME', `${out}: holds a run already, and the engine peft does not resume`);
  checkRecipe(recipe, processes);
  const python = pythonPath(place.python);
  const versions = packagesOf(python, torchBase);
  const plan = await planTraining(sources);
  const work = join(out, 'peft');
  const exported = exportPlan(plan, { out: work, processes, torchBase });
  const { train, val, tokens } = exported;
  terminal.say(`${recipe.name}: ${train} examples, ${tokens} tokens; ${processes} processes of ${python}`);
  const steps = Math.ceil(Math.ceil(train / recipe.batchSize) / recipe.accumulation);
  await runTorch(python, { folder: work, processes, steps }, terminal);
  const trained = join(work, 'adapter');
  const log = await writeTrainerLog(trained, folder, { steps, val, title: recipe.name });
  const record = { command: 'train', config: { engine: 'peft', processes, torchBase }, versions };
  const { notices } = await takeAdapter(trained, sources, { out, name: recipe.name, finish, record });
  return { engine: 'peft', steps: log.losses.length, losses: log.losses, valLoss: log.valLoss, notices };
}

/** The trainer's own log in the events of ours; it counts no tokens and takes no time a step. @returns losses. */
export async function writeTrainerLog(
  trained: string,
  folder: RunFolder,
  {
    steps,
    val,
    title,
  }: {
    steps: number;
    val: number;
    title: string;
  },
) {
  const history = (await readJson(join(trained, 'log.json'))) as Record<string, number | undefined>[];
  const at = new Date().toISOString();
  const events = history.flatMap(({ step, loss, grad_norm, learning_rate, eval_loss }) => [
    ...(loss === undefined
      ? []
      : [{ at, type: 'step', step, of: steps, loss, rate: learning_rate, gradientNorm: grad_norm }]),
    ...(eval_loss === undefined
      ? []
      : [{ at, type: 'validation', step, loss: eval_loss, examples: val, kept: step }]),
  ]);
  writeJsonLines(folder.log, events);
  writeFileAtomic(folder.curves, curvesPage(readEvents(folder.log), title));
  const losses = history.flatMap(({ loss }) => (loss === undefined ? [] : [loss]));
  return { losses, valLoss: history.findLast((one) => one.eval_loss !== undefined)?.eval_loss ?? null };
}
