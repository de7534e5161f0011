/** Studies one by one: images, draft against reference word by word, and what is wrong with the draft. */
import { type Html, html } from './html.ts';
import { wordDiff } from './word-diff.ts';

export interface Case {
  readonly id: string;
  readonly draft: string;
  readonly reference: string;
  /** Images as data URLs, with what they show. */
  readonly images: readonly { readonly url: string; readonly label: string }[];
  /** What is wrong, in words: `omits: pneumothorax (left)`. */
  readonly faults: readonly string[];
  /** What the case was chosen by: `ROUGE-L 0.12`. */
  readonly scores: string;
}

export function caseList(cases: readonly Case[]): Html {
  return html`<p><span class="both">in both</span> <span class="draft">in the draft alone</span>
<span class="reference">in the reference alone</span></p>
${cases.map(caseArticle)}`;
}

function caseArticle({ id, draft, reference, images, faults, scores }: Case): Html {
  const pictures = images.map(({ url, label }) => html`<img src="${url}" alt="${label}" title="${label}">`);
  return html`<article>
<h3>${id} <small>${scores}</small></h3>
${pictures}
<p>${wordDiff(draft, reference).map(({ kind, text }) => html`<span class="${kind}">${text}</span> `)}</p>
${faults.length > 0 && html`<ul>${faults.map((fault) => html`<li>${fault}</li>`)}</ul>`}
</article>
`;
}
