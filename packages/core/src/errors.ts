/**
 * The one table of errors. Each entry is an exit code and a hint; the message of an error says name, rule
 * and value: `frontal.png: expected 8- or 16-bit grayscale, got RGBA`.
 */

export const ERRORS = {
  FILE_MISSING: { exitCode: 66, hint: 'Check the path.' },
  FILE_UNREADABLE: { exitCode: 66, hint: 'Check the permissions of the file.' },
  FILE_TRUNCATED: { exitCode: 65, hint: 'The file ends early: copy or download it again.' },
  FILE_FORMAT: { exitCode: 65, hint: 'The file is damaged, or is not of the format its name says.' },
  FILE_UNSUPPORTED: {
    exitCode: 65,
    hint: 'The file is valid, but of a kind that this version does not read.',
  },
  FILE_HOSTILE: {
    exitCode: 65,
    hint: 'The file declares more than it holds, or asks for code to run. It was not opened.',
  },
  FILE_WRITE: {
    exitCode: 73,
    hint: 'Nothing was half-written. Free some space or choose another folder, and run again.',
  },
  INPUT: { exitCode: 65, hint: 'Correct the value and run again.' },
  CONFIG: { exitCode: 78, hint: 'All mistakes are listed: correct them together.' },
  USAGE: { exitCode: 64, hint: 'See --help.' },
  GRAPH: { exitCode: 70, hint: 'A graph was written with shapes that do not fit.' },
  ENGINE: { exitCode: 70, hint: 'A native engine refused the work; its own words are above.' },
  DEVICE: { exitCode: 69, hint: 'llama-xr doctor lists the devices found here.' },
  MODEL: {
    exitCode: 65,
    hint: 'The model lacks something this task needs; see llama-xr doctor --base FILE.',
  },
  ENCODER: {
    exitCode: 65,
    hint: 'The encoder or its input failed a guard; scores from it would mean nothing.',
  },
  RESUME: {
    exitCode: 65,
    hint: 'What is there was made from other inputs: choose another output folder, or remove it.',
  },
} as const;

export type ErrorCode = keyof typeof ERRORS;

/** An error that a user can act on. The command line prints message and hint, never a stack trace. */
export class LlamaXrError extends Error {
  override readonly name = 'LlamaXrError';
  readonly code: ErrorCode;
  readonly hint: string;
  readonly exitCode: number;

  constructor(code: ErrorCode, message: string, options: { hint?: string; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.hint = options.hint ?? ERRORS[code].hint;
    this.exitCode = ERRORS[code].exitCode;
  }
}

/** Throws a {@link LlamaXrError}; an expression, so that it can stand after `??`. */
export function fail(
  code: ErrorCode,
  message: string,
  options: { hint?: string; cause?: unknown } = {},
): never {
  throw new LlamaXrError(code, message, options);
}

/** More mistakes than these are counted, not told: a file of another kind is wrong in every line. */
const MISTAKES_TOLD = 50;

/** Collects every mistake of one input, so that a user corrects them all at once. */
export class Mistakes {
  readonly #found: string[] = [];
  #count = 0;

  add(mistake: string): void {
    this.#count++;
    if (this.#found.length < MISTAKES_TOLD) this.#found.push(mistake);
  }

  get count(): number {
    return this.#count;
  }

  /** @throws LlamaXrError when any mistake was added; the message names the subject and lists them all. */
  throwIfAny(code: ErrorCode, subject: string): void {
    if (this.#count === 0) return;
    const count = this.#count === 1 ? '1 mistake' : `${this.#count} mistakes`;
    const told = this.#found.map((text) => `  - ${text}`);
    if (this.#count > told.length) told.push(`  - and ${this.#count - told.length} more`);
    fail(code, `${subject}: ${count}\n${told.join('\n')}`);
  }
}

/** Node's own file errors (ENOENT, ENOSPC ...) as ours, naming the file. */
export function fileError(error: unknown, path: string): LlamaXrError {
  if (error instanceof LlamaXrError) return error;
  const code = (error as NodeJS.ErrnoException).code;
  const reason = (error as Error).message;
  if (code === 'ENOENT')
    return new LlamaXrError('FILE_MISSING', `${path}: no such file or folder`, { cause: error });
  if (code === 'ENOSPC' || code === 'EDQUOT' || code === 'EROFS' || code === 'EFBIG') {
    return new LlamaXrError('FILE_WRITE', `${path}: cannot be written: ${reason}`, { cause: error });
  }
  if (code === 'EISDIR')
    return new LlamaXrError('FILE_FORMAT', `${path}: expected a file, got a folder`, { cause: error });
  if (code === 'ENOTDIR')
    return new LlamaXrError('FILE_MISSING', `${path}: a part of this path is not a folder`, { cause: error });
  return new LlamaXrError('FILE_UNREADABLE', `${path}: ${reason}`, { cause: error });
}
