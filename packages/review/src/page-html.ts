/**
 * One reader's page as one HTML file that works from a disk, without a network. Reports come from models and archives:
 * they stand in the page as JSON in which no tag can begin, and a content security policy lets nothing run but the
 * page's own script, by its hash, and nothing be fetched.
 */
import { createHash } from 'node:crypto';
import { escapeHtml } from '@llama-xr/core';
import type { ReviewPage } from './page-data.ts';
import { pageScript } from './page-script.ts';
import { PAGE_STYLE } from './page-style.ts';

export function renderPage(page: ReviewPage): string {
  const script = pageScript();
  const policy = [
    "default-src 'none'",
    'img-src data:',
    `style-src '${hash(PAGE_STYLE)}'`,
    `script-src '${hash(script)}'`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(page.title)}</title>
<style>${PAGE_STYLE}</style>
</head>
<body>
<header>
<strong>${escapeHtml(page.title)}</strong>
<progress id="progress" aria-label="Cases done"></progress>
<span id="status" role="status"></span>
<nav aria-label="Cases">
<button type="button" id="previous" title="p">Back</button>
<select id="jump" aria-label="Go to case"></select>
<button type="button" id="next" title="n">Next</button>
</nav>
<button type="button" id="export">Export results</button>
<details>
<summary>How to</summary>
<p>Look at the images, then judge each report by them: mark its errors (select the words, or choose a sentence; say
whether the error matters for the patient), rate it, and grade it as you would grade a colleague. Then say which of
the two you would rather sign. The writers are hidden, and some cases come twice. What you enter is kept in this
browser. Keys: n next case, p back, Tab and the arrows to move. When all cases are done, export the results and send
the file back.</p>
</details>
</header>
<main id="item"></main>
<noscript>This page needs JavaScript.</noscript>
<script type="application/json" id="pack">${jsonForScript(page)}</script>
<script>${script}</script>
</body>
</html>
`;
}

/** JSON that may stand inside a script element: no `<` and so no `</script` or `<!--`, no separators old parsers trip on. */
export function jsonForScript(value: unknown): string {
  return JSON.stringify(value).replace(
    /[<>&\u2028\u2029]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

const hash = (text: string): string => `sha256-${createHash('sha256').update(text).digest('base64')}`;
