/** What the scorers read: one draft and its reference as each protocol makes them. */
import { type Prediction, protocolNamed, textAsSeen } from '@llama-xr/metrics';
import { type Html, html } from './html.ts';

/** @param names of the protocols on the page. */
export function cleaningSection({ id, prediction, references }: Prediction, names: readonly string[]): Html {
  const rows = names.map((name) => {
    const protocol = protocolNamed(name);
    const seen = (text: string) => {
      const { cleaned, words } = textAsSeen(protocol, text);
      const others = Object.entries(words).filter(([, read]) => read !== cleaned);
      return html`${cleaned}${others.map(([scorer, read]) => html`<br><small>${scorer}: ${read}</small>`)}`;
    };
    return html`<tr><th scope="row">${name}</th><td class="text">${seen(prediction)}</td>
<td class="text">${seen(references[0] as string)}</td></tr>\n`;
  });
  return html`<details><summary>How the texts were read (${id})</summary>
<table>
<thead><tr><th>protocol</th><th class="text">draft</th><th class="text">reference</th></tr></thead>
<tbody><tr><th scope="row">as given</th><td class="text">${prediction}</td><td class="text">${references[0]}</td></tr>
${rows}</tbody>
</table></details>`;
}
