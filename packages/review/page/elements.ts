/** Elements made from data. Text goes in as text alone: nothing here, and nothing in this page, parses HTML. */

type Attributes = Readonly<Record<string, string | boolean>>;

export function element<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  attributes: Attributes = {},
  children: readonly (Node | string)[] = [],
): HTMLElementTagNameMap[Name] {
  const made = document.createElement(name);
  for (const [attribute, value] of Object.entries(attributes)) {
    if (value === true) made.setAttribute(attribute, '');
    else if (value !== false) made.setAttribute(attribute, value);
  }
  made.append(...children);
  return made;
}

export function button(text: string, onPress: () => void, attributes: Attributes = {}): HTMLButtonElement {
  const made = element('button', { type: 'button', ...attributes }, [text]);
  made.addEventListener('click', onPress);
  return made;
}

export interface RadioOption {
  readonly value: string;
  readonly label: string;
  readonly help?: string;
}

/** A named group of radio buttons; arrow keys move in it, as everywhere. */
export function radios(
  legend: string,
  name: string,
  options: readonly RadioOption[],
  chosen: string | null,
  onChoose: (value: string) => void,
): HTMLFieldSetElement {
  const labels = options.map(({ value, label, help }) => {
    const input = element('input', { type: 'radio', name, value, checked: value === chosen });
    input.addEventListener('change', () => onChoose(value));
    return element('label', help === undefined ? {} : { title: help }, [input, element('span', {}, [label])]);
  });
  return element('fieldset', {}, [element('legend', {}, [legend]), ...labels]);
}
