/**
 * Drafts by a server of others (vLLM, llama-server) that speaks OpenAI's completions API: the adapter is loaded there and
 * asked for by its name. For prompts of words alone.
 */
import { basename, resolve } from 'node:path';
import { fail } from '@llama-xr/core';
import { type Fusion, hasSoftTokens } from '@llama-xr/llama';
import { type EndpointGenerator, openEndpoint, type TextCodec } from '@llama-xr/llamacpp';
import type { Command } from 'commander';

export interface EndpointFlags {
  readonly endpoint?: string;
  readonly model?: string;
  readonly apiKeyEnv?: string;
}

interface AskingFlags extends EndpointFlags {
  readonly run: string;
  readonly parallel: number;
}

export function endpointOptions(command: Command): Command {
  return command
    .option('--endpoint <url>', 'draft on a server with the OpenAI API (vLLM, llama-server)')
    .option('--model <name>', "the run's adapter as the server calls it (default: the run folder's name)")
    .option('--api-key-env <var>', "environment variable that holds the server's key");
}

export async function openServer(
  flags: AskingFlags,
  url: string,
  { tokenizer: codec, fusion }: { tokenizer: TextCodec; fusion: Fusion },
): Promise<EndpointGenerator> {
  if (hasSoftTokens(fusion))
    fail(
      'USAGE',
      `--endpoint: ${flags.run} reads images (fusion ${fusion}), and soft tokens do not travel: draft without --endpoint`,
    );
  const apiKey = keyIn(flags.apiKeyEnv);
  return openEndpoint({
    url,
    model: servedModel(flags),
    codec,
    parallel: flags.parallel,
    ...(apiKey !== undefined && { apiKey }),
  });
}

export const servedModel = ({ model, run }: EndpointFlags & { readonly run: string }): string =>
  model ?? basename(resolve(run));

/** What every reader of drafts from a server must see. */
export function endpointNotice(flags: EndpointFlags & { readonly run: string }): string[] {
  if (flags.endpoint === undefined) return [];
  const name = servedModel(flags);
  return [
    `drafted by ${flags.endpoint} as ${name}: that this is the run's adapter on the run's base was not checked`,
  ];
}

function keyIn(variable: string | undefined): string | undefined {
  if (variable === undefined) return undefined;
  return process.env[variable] || fail('USAGE', `--api-key-env: ${variable}: expected a key, got none`);
}
