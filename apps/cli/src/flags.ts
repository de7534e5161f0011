/** Values of flags: what a command line's text must be, and what it becomes. */
import { fail } from '@llama-xr/core';

/** A whole number from 1. */
export function count(flag: string, text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1)
    fail('USAGE', `${flag}: expected a whole number from 1, got ${text}`);
  return value;
}

/** A number in a range, ends included. */
export function number(flag: string, text: string, low: number, high: number): number {
  const value = Number(text);
  if (text.trim() === '' || !(value >= low && value <= high))
    fail('USAGE', `${flag}: expected a number from ${low} to ${high}, got ${text}`);
  return value;
}

/** Comma-separated names out of a list. */
export function names<const T extends string>(flag: string, text: string, allowed: readonly T[]): T[] {
  const given = text.split(',').map((name) => name.trim());
  const unknown = given.filter((name) => !allowed.includes(name as T));
  if (unknown.length > 0)
    fail('USAGE', `${flag}: expected some of ${allowed.join(', ')}, got ${unknown.join(', ')}`);
  return given as T[];
}
