/** `llama-xr`: the commands, and the one place where an error becomes words and an exit code. */
import { LlamaXrError } from '@llama-xr/core';
import { Command, CommanderError } from 'commander';
import { bench } from './commands/bench.ts';
import { compare } from './commands/compare.ts';
import { counterfactual } from './commands/counterfactual.ts';
import { demo } from './commands/demo.ts';
import { doctor } from './commands/doctor.ts';
import { encode } from './commands/encode.ts';
import { evaluate } from './commands/evaluate.ts';
import { exportRun } from './commands/export.ts';
import { generate } from './commands/generate.ts';
import { importAdapter } from './commands/import-adapter.ts';
import { label } from './commands/label.ts';
import { merge } from './commands/merge.ts';
import { plan } from './commands/plan.ts';
import { prepare } from './commands/prepare.ts';
import { quantize } from './commands/quantize.ts';
import { reviewImport } from './commands/review-import.ts';
import { reviewPack } from './commands/review-pack.ts';
import { scenarios } from './commands/scenarios.ts';
import { train } from './commands/train.ts';
import { version } from './version.ts';

const COMMANDS = [
  demo,
  doctor,
  prepare,
  encode,
  plan,
  train,
  generate,
  exportRun,
  importAdapter,
  label,
  merge,
  quantize,
  bench,
  evaluate,
  compare,
  counterfactual,
  scenarios,
  reviewPack,
  reviewImport,
];

const NOTICE = `Research software. Not a medical device: a draft is not a finding, and no draft may reach a patient's record
before a radiologist has read the images and signed.`;

export function program(): Command {
  const root = new Command('llama-xr')
    .description('Drafts chest X-ray reports from images, and measures how far the drafts can be believed.')
    .version(version)
    .addHelpText('after', `\n${NOTICE}`)
    .showHelpAfterError('(see --help)')
    .exitOverride();
  for (const add of COMMANDS) add(root);
  for (const command of root.commands) {
    command
      .option('--json', 'print the result as one JSON object on standard output')
      .option('--quiet', 'no progress and no words on standard error')
      .exitOverride();
  }
  return root;
}

/** Runs a command line; sets the exit code instead of throwing. */
export async function main(argv: readonly string[]): Promise<void> {
  try {
    await program().parseAsync(argv);
  } catch (error) {
    process.exitCode = tell(error, argv.includes('--json'));
  }
}

/** Prints an error for a person or a machine. @returns the exit code. */
function tell(error: unknown, json: boolean): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 64;
  if (error instanceof LlamaXrError) {
    const { code, message, hint, exitCode } = error;
    const words = json ? JSON.stringify({ error: { code, message, hint } }) : `error: ${message}\n${hint}`;
    process.stderr.write(`\n${words}\n`);
    return exitCode;
  }
  const { message, stack } = error instanceof Error ? error : new Error(String(error));
  const detail = process.env.LLAMA_XR_DEBUG ? `\n${stack}` : '\nSet LLAMA_XR_DEBUG=1 for the full trace.';
  process.stderr.write(`\nerror: ${message}\nThis is a mistake of ours: please report it.${detail}\n`);
  return 70;
}
