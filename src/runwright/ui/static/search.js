// Search: completes the qualifier or value under the caret. The box is a plain field without it.
import { Completions } from "./completions.js";

class Search extends HTMLElement {
  connectedCallback() {
    this.input = this.querySelector("input");
    if (!this.input || this.list) return;
    const { input } = this;
    input.setAttribute("role", "combobox");
    this.list = new Completions(this, input, (number) => this.take(number));
    input.addEventListener("input", () => this.offer());
    input.addEventListener("click", () => this.offer());
    input.addEventListener("keydown", (event) => {
      if (event.key === "ArrowDown" && !this.list.isOpen) this.offer();
      else this.list.press(event);
    });
  }

  async words() {
    this.known ??= fetch(this.dataset.parts ?? "").then((answer) => answer.json());
    return this.known;
  }

  /** The word before the caret: what stands before it, `key:` if it has one, and what is begun. */
  token() {
    const before = this.input.value.slice(0, this.input.selectionStart ?? undefined);
    const found = /(^|\s)(-?)(?:([a-z_]+):)?([^\s:"]*|"[^"]*)$/i.exec(before);
    if (!found) return null;
    const [whole, space, no, key, begun] = found;
    return { start: before.length - whole.length + space.length, no, key, begun: begun.replace(/^"/, "").toLowerCase() };
  }

  async offer() {
    const token = this.token();
    let known;
    try {
      known = await this.words();
    } catch {
      return;
    }
    if (!token || document.activeElement !== this.input) return this.list.close();
    const found = token.key ? this.values(known, token) : this.qualifiers(known, token);
    this.show(found.slice(0, 12), token);
  }

  qualifiers(known, { begun }) {
    return known.qualifiers.filter((each) => each.name.startsWith(begun)).map((each) => ({ text: `${each.name}:`, says: each.says }));
  }

  values(known, { key, begun }) {
    const all = known.values[key] ?? [];
    return all
      .filter((value) => value.toLowerCase().includes(begun))
      .map((value) => ({ text: /[\s"]/.test(value) ? `${key}:"${value.replace(/["\\]/g, "\\$&")}"` : `${key}:${value}`, says: "" }));
  }

  show(found, token) {
    this.found = found;
    this.place = token;
    this.list.show(found);
  }

  take(number) {
    const { text } = this.found[number];
    const caret = this.input.selectionStart ?? this.input.value.length;
    const isWhole = !text.endsWith(":");
    const before = this.input.value.slice(0, this.place.start) + this.place.no + text + (isWhole ? " " : "");
    this.input.value = before + this.input.value.slice(caret).trimStart();
    this.input.setSelectionRange(before.length, before.length);
    this.input.focus();
    this.list.close();
    if (!isWhole) this.offer();
  }
}

customElements.define("rw-search", Search);
