// Characters that look alike, as Python's `signs.translation.twins` pairs them when a release is built.

/** Characters, and for each the form that it has in common with its twins. */
export type Pair = [from: string, to: string];

export class Twins {
  readonly #forms: Map<string, string>;

  constructor([from, to]: Pair) {
    const forms = [...to];
    this.#forms = new Map([...from].map((character, place) => [character, forms[place]]));
  }

  /** A text in the forms of its twins. */
  form(text: string): string {
    return [...text].map((character) => this.#forms.get(character) ?? character).join("");
  }
}

/** What is found by a key, by the forms of its twins, without those that lead to several things. */
export function alone<Found>(known: Map<string, Found>, twins: Twins): Map<string, Found> {
  const found = new Map<string, Found>();
  const several = new Set<string>();
  for (const [looked, each] of known) {
    const form = twins.form(looked);
    if (!found.has(form)) found.set(form, each);
    else if (JSON.stringify(found.get(form)) !== JSON.stringify(each)) several.add(form);
  }
  for (const form of several) found.delete(form);
  return found;
}
