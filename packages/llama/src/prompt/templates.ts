/**
 * Prompt layouts. A prompt is a list of segments: only the layout's own words may hold control tokens, so that no text
 * from outside can end a turn.
 */

import { Template } from '@huggingface/jinja';
import { fail } from '@llama-xr/core';
import type { Tokenizer } from '../tokenizer/tokenizer.ts';

export const TEMPLATES = ['alpaca', 'chat', 'plain'] as const;
export type TemplateName = (typeof TEMPLATES)[number];

export interface TextSegment {
  readonly text: string;
  /** Whether names of control tokens in the text are these tokens. */
  readonly control: boolean;
}

/** The place of soft tokens: no text can make one. */
export interface SoftSegment {
  /** How many. */
  readonly soft: number;
}

export type PromptSegment = TextSegment | SoftSegment;

export interface PromptWords {
  readonly instruction: string;
  /** Words, and the place of soft tokens among them. */
  readonly input: readonly (string | SoftSegment)[];
}

/** Words from outside and soft tokens between words of a layout, as few segments as there can be. */
function around(before: string, input: PromptWords['input'], after: string): PromptSegment[] {
  const segments: PromptSegment[] = [];
  for (const part of [before, ...input, after]) {
    const last = segments.at(-1);
    if (typeof part !== 'string') segments.push(part);
    else if (last !== undefined && 'text' in last)
      segments[segments.length - 1] = { text: last.text + part, control: false };
    else segments.push({ text: part, control: false });
  }
  return segments.filter((segment) => 'soft' in segment || segment.text !== '');
}

/** Bare lines, the fewest tokens: the input, then `Report:`. */
function plain({ input }: PromptWords): PromptSegment[] {
  return around('', input, '\nReport:');
}

/** The layout of Stanford Alpaca (Taori et al. 2023), which the paper uses. */
function alpaca({ instruction, input }: PromptWords): PromptSegment[] {
  const preamble =
    'Below is an instruction that describes a task, paired with an input that provides further context. ' +
    'Write a response that appropriately completes the request.';
  return around(
    `${preamble}\n\n### Instruction:\n${instruction}\n\n### Input:\n`,
    input,
    '\n\n### Response:\n',
  );
}

/** Stands for the words of the user while the model's template is rendered. */
const CONTENT = '\u{f0000}';

/** The model's own chat template (Jinja, from its file), one user turn. */
function chat({ instruction, input }: PromptWords, tokenizer: Tokenizer): PromptSegment[] {
  if (tokenizer.chatTemplate === undefined)
    fail('MODEL', 'template chat: the base model has no chat template');
  let rendered: string;
  try {
    rendered = new Template(tokenizer.chatTemplate).render({
      messages: [{ role: 'user', content: CONTENT }],
      add_generation_prompt: true,
      bos_token: '',
      eos_token: '',
    });
  } catch (error) {
    fail(
      'MODEL',
      `template chat: the base model's chat template cannot be rendered: ${(error as Error).message}`,
      { cause: error },
    );
  }
  const [before, after] = rendered.split(CONTENT);
  if (before === undefined || after === undefined)
    fail('MODEL', "template chat: the base model's chat template leaves out the user's words");
  return [
    { text: before, control: true },
    ...around(`${instruction}\n`, input, ''),
    { text: after, control: true },
  ];
}

export function layOutPrompt(
  template: TemplateName,
  words: PromptWords,
  tokenizer: Tokenizer,
): PromptSegment[] {
  if (template === 'plain') return plain(words);
  return template === 'alpaca' ? alpaca(words) : chat(words, tokenizer);
}

/** What stands between a prompt and its response: after `Report:` a space begins the first word. */
export const responseLead = (template: TemplateName): string => (template === 'plain' ? ' ' : '');
