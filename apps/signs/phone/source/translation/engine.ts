// What a release translates with: the same as Python's `signs.translation.engine`.
import { Book, type Translates } from "./book.ts";
import { Words } from "./dictionaries.ts";

/**
 * Phrases, then words, then either but for twins of characters, then rows of words.
 *
 * @param phrases `phrases.json` of the release; `words`: its `words.bin`.
 */
export function translator(phrases: ArrayBuffer, words: ArrayBuffer): Translates {
  const [book, dictionary] = [new Book(phrases), new Words(words)];
  return (text, language) =>
    book.translate(text, language) ?? dictionary.whole(text, language) ??
    book.twin(text, language) ?? dictionary.twin(text, language) ?? dictionary.row(text, language);
}
