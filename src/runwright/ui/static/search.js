// Search: completes the qualifier or value under the caret. The box is a plain field without it.
class Search extends HTMLElement {
  connectedCallback() {
    this.input = this.querySelector("input");
    if (!this.input || this.list) return;
    this.list = document.createElement("ul");
    this.list.id = "q-list";
    this.list.hidden = true;
    this.list.setAttribute("role", "listbox");
    this.list.setAttribute("aria-label", "Completions");
    this.append(this.list);
    const { input } = this;
    input.setAttribute("role", "combobox");
    input.setAttribute("aria-autocomplete", "list");
    input.setAttribute("aria-controls", this.list.id);
    input.setAttribute("aria-expanded", "false");
    input.addEventListener("input", () => this.offer());
    input.addEventListener("click", () => this.offer());
    input.addEventListener("keydown", (event) => this.press(event));
    input.addEventListener("blur", () => setTimeout(() => this.close(), 150));
    this.at = -1;
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
    if (!token || document.activeElement !== this.input) return this.close();
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
    this.at = -1;
    this.list.replaceChildren(
      ...found.map(({ text, says }, number) => {
        const item = document.createElement("li");
        item.id = `q-${number}`;
        item.setAttribute("role", "option");
        item.setAttribute("aria-selected", "false");
        const word = document.createElement("b");
        word.textContent = text;
        const note = document.createElement("span");
        note.textContent = says;
        item.append(word, note);
        item.addEventListener("mousedown", (event) => {
          event.preventDefault();
          this.take(number);
        });
        return item;
      }),
    );
    this.list.hidden = !found.length;
    this.input.setAttribute("aria-expanded", String(Boolean(found.length)));
    this.input.removeAttribute("aria-activedescendant");
  }

  press(event) {
    if (event.key === "ArrowDown" && this.list.hidden) return void this.offer();
    if (this.list.hidden) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      const count = this.found.length;
      this.point((this.at + (event.key === "ArrowDown" ? 1 : -1) + count + (this.at < 0 && event.key === "ArrowUp" ? 1 : 0)) % count);
    } else if ((event.key === "Enter" && this.at >= 0) || (event.key === "Tab" && this.at >= 0)) {
      event.preventDefault();
      this.take(this.at);
    } else if (event.key === "Escape") {
      event.stopPropagation();
      this.close();
    }
  }

  point(number) {
    this.at = number;
    for (const [index, item] of [...this.list.children].entries()) item.setAttribute("aria-selected", String(index === number));
    this.input.setAttribute("aria-activedescendant", `q-${number}`);
    this.list.children[number].scrollIntoView({ block: "nearest" });
  }

  take(number) {
    const { text } = this.found[number];
    const caret = this.input.selectionStart ?? this.input.value.length;
    const isWhole = !text.endsWith(":");
    const before = this.input.value.slice(0, this.place.start) + this.place.no + text + (isWhole ? " " : "");
    this.input.value = before + this.input.value.slice(caret).trimStart();
    this.input.setSelectionRange(before.length, before.length);
    this.input.focus();
    this.close();
    if (!isWhole) this.offer();
  }

  close() {
    this.list.hidden = true;
    this.at = -1;
    this.input.setAttribute("aria-expanded", "false");
    this.input.removeAttribute("aria-activedescendant");
  }
}

customElements.define("rw-search", Search);
