/**
 * Prompt layouts. A prompt is a list of segments: only the layout's own words may hold control tokens, so that no text
 * from outside can end a turn.
 */

import { Template } from '@huggingface/jinja';
import { fail } from '@llama-xr/core';
import type { Tokenizer } from '../tokenizer/tokenizer.ts';

export const TEMPLATES = ['alpaca', 'chat', 'plain'] as const;
export type TemplateName = (typeof TEMPLATES)[number];

export interface PromptSegment {
  readonly text: string;
  /** Whether names of control tokens in the text are these tokens. */
  readonly control: boolean;
}

export interface PromptWords {
  readonly instruction: string;
  readonly input: string;
}

/** Bare lines, the fewest tokens: the input, then `Report:`. */
function plain({ input }: PromptWords): PromptSegment[] {
  return [{ text: `${input}\nReport:`, control: false }];
}

/** The layout of Stanford Alpaca (Taori et al. 2023), which the paper uses. */
function alpaca({ instruction, input }: PromptWords): PromptSegment[] {
  const preamble =
    'Below is an instruction that describes a task, paired with an input that provides further context. ' +
    'Write a response that appropriately completes the request.';
  const parts = [preamble, `### Instruction:\n${instruction}`, `### Input:\n${input}`, '### Response:\n'];
  return [{ text: parts.join('\n\n'), control: false }];
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
    { text: `${instruction}\n${input}`, control: false },
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
