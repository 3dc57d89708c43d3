// The answer as a list: what each line means and says, why, and how a person says that it is wrong.
import type { Content } from "./records.ts";

/** What a person says of a line. */
export interface Judged {
  right(line: Content): void;
  wrong(line: Content): void;
  corrected(line: Content, text: string, english: string): void;
}

/** The items of the list, one for each line. */
export function items(lines: readonly Content[], judged: Judged): HTMLLIElement[] {
  return lines.map((line) => item(line, judged));
}

/** One sentence about the whole answer. */
export function summary(lines: readonly Content[], server: boolean): string {
  if (!lines.length) return "No text was found in this picture.";
  const shown = lines.filter(({ mode, english }) => mode !== "off" && english).length;
  const many = lines.length === 1 ? "1 line" : `${lines.length} lines`;
  const said = shown === lines.length ? "" : shown ? `, ${shown} translated` : "; none could be translated surely";
  return `${many} read${said}. ${server ? "The server was asked." : "Read on this device."}`;
}

function item(line: Content, judged: Judged): HTMLLIElement {
  const shown = line.mode !== "off" && !!line.english;
  const made = element("li", shown ? line.mode : "off");
  if (shown) made.append(element("p", "english", `${line.english}${line.mode === "prompt" ? " ?" : ""}`));
  const read = element("p", shown ? "read" : "read alone", line.text || "Cannot be read");
  if (line.text) read.lang = line.language === "other" ? "und" : line.language;
  const reason = line.text && !shown ? `Not translated: ${line.reason}` : line.reason;
  made.append(read, element("p", "reason", reason[0].toUpperCase() + reason.slice(1)), acts(line, shown, judged));
  return made;
}

function acts(line: Content, shown: boolean, judged: Judged): HTMLElement {
  const box = element("div", "acts");
  const name = line.english && shown ? line.english : line.text || "this line";
  if (line.ask || (shown && line.mode === "prompt")) {
    box.append(link("This is right", name, () => {
      judged.right(line);
      box.replaceChildren(said("Noted as right. Thank you."));
    }));
  }
  box.append(link("This is wrong", name, () => {
    judged.wrong(line);
    const [form, first] = correction(line, shown, (text, translation) => {
      judged.corrected(line, text, translation);
      box.replaceChildren(said("Your correction is noted. Thank you."));
    });
    box.replaceChildren(said("Noted as wrong. If you know better, say so:"));
    box.after(form);
    first.focus();
  }));
  return box;
}

function correction(line: Content, shown: boolean, send: (text: string, english: string) => void): [HTMLFormElement, HTMLInputElement] {
  const form = element("form", "correct");
  const text = field(form, "What the sign says", line.text, line.language);
  const english = field(form, "In English", (shown && line.english) || "", "en");
  const button = element("button", "", "Send correction");
  form.append(button);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    form.remove();
    send(text.value.trim(), english.value.trim());
  });
  return [form, text];
}

function field(form: HTMLElement, name: string, value: string, language: string): HTMLInputElement {
  const label = element("label", "", name);
  const input = element("input", "");
  Object.assign(input, { value, lang: language, maxLength: 200, autocomplete: "off" });
  label.append(input);
  form.append(label);
  return input;
}

function link(text: string, about: string, act: () => void): HTMLButtonElement {
  const made = element("button", "link", text);
  made.type = "button";
  made.setAttribute("aria-label", `${text}: ${about}`);
  made.addEventListener("click", act);
  return made;
}

function said(text: string): HTMLElement {
  const made = element("span", "said", text);
  made.setAttribute("role", "status");
  return made;
}

function element<Name extends keyof HTMLElementTagNameMap>(name: Name, classes: string, text = ""): HTMLElementTagNameMap[Name] {
  const made = document.createElement(name);
  if (classes) made.className = classes;
  if (text) made.textContent = text;
  return made;
}
