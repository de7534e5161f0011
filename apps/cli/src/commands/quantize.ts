/** `llama-xr quantize`: a base in NF4, for QLoRA here or with transformers and bitsandbytes. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fail, sha256File, startRun, writeManifest } from '@llama-xr/core';
import { writeNf4Folder } from '@llama-xr/llama';
import type { Command } from 'commander';
import { type OutputFlags, openTerminal } from '../terminal.ts';
import { version } from '../version.ts';

interface Flags extends OutputFlags {
  base: string;
  out: string;
}

export function quantize(root: Command): void {
  root
    .command('quantize')
    .description('write a base in NF4 with double quantization, as transformers and bitsandbytes load it')
    .requiredOption('--base <path>', "base model: a GGUF, or a folder in Hugging Face's layout")
    .requiredOption('--out <dir>', 'folder to make')
    .addHelpText(
      'after',
      `
From a GGUF that is in 4 bits already, weights are rounded twice; start from one in 16 or 8 bits where there is one.
A GGUF's tokenizer is not written: put tokenizer.json of the same model beside the weights.

Example:
  llama-xr quantize --base llama-3.1-8b --out llama-3.1-8b-nf4`,
    )
    .action(run);
}

async function run({ base, out, ...output }: Flags): Promise<void> {
  const terminal = openTerminal(output);
  const finish = startRun();
  if (existsSync(join(out, 'config.json'))) fail('USAGE', `--out: ${out} holds a model already`);
  const { bytes, matrices, tokenizer } = writeNf4Folder(base, out, terminal.progress);
  const files = (folder: string) =>
    readdirSync(folder)
      .filter((file) => /\.(safetensors|json)$/.test(file) && file !== 'manifest.json')
      .map((file) => join(folder, file));
  const hashes = async (paths: readonly string[]) =>
    Object.fromEntries(await Promise.all(paths.map(async (path) => [path, await sha256File(path)] as const)));
  const inputs = existsSync(join(base, 'config.json')) ? files(base) : [base];
  writeManifest(
    join(out, 'manifest.json'),
    finish({
      command: 'quantize',
      inputs: await hashes(inputs),
      outputs: await hashes(files(out)),
      config: { type: 'nf4', doubleQuantization: true },
      notices: [],
      versions: { 'llama-xr': version },
    }),
  );
  terminal.result({ out, bytes, matrices, tokenizer }, () =>
    [
      `${matrices} matrices in NF4, ${(bytes / 1e6).toFixed(1)} MB in all, in ${out}`,
      ...(tokenizer ? [] : ['no tokenizer.json: put that of the same model beside the weights']),
    ].join('\n'),
  );
}
