/**
 * HTML as a tagged template: what is put into it is escaped, unless it is HTML made the same way. Reports come from
 * anywhere, so there is no other way to put text on a page.
 */

import { escapeHtml } from '@llama-xr/core';

/** Markup that may stand on a page as it is. */
export class Html {
  readonly #markup: string;

  private constructor(markup: string) {
    this.#markup = markup;
  }

  toString(): string {
    return this.#markup;
  }

  /** Markup from the literal parts of a template and what is put between them. */
  static of(parts: TemplateStringsArray, values: readonly Content[]): Html {
    return new Html(parts.map((part, i) => part + (i < values.length ? written(values[i]) : '')).join(''));
  }
}

/** Nothing is written for undefined and false, so that a part of a page may be left out. */
export type Content = string | number | Html | undefined | false | readonly Content[];

export function html(parts: TemplateStringsArray, ...values: Content[]): Html {
  return Html.of(parts, values);
}

function written(value: Content): string {
  if (value === undefined || value === false) return '';
  if (value instanceof Html) return value.toString();
  if (Array.isArray(value)) return (value as readonly Content[]).map(written).join('');
  return escapeHtml(String(value));
}
