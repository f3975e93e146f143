// GraphQL: completes fields inside the braces under the caret, from the entities of the record.
import { say } from "./said.js";

const ARGUMENTS = ["where", "order_by", "limit", "offset"];

class Console extends HTMLElement {
  connectedCallback() {
    this.area = this.querySelector("textarea");
    if (!this.area || this.list) return;
    this.list = document.createElement("ul");
    this.list.id = "query-list";
    this.list.hidden = true;
    this.list.setAttribute("role", "listbox");
    this.list.setAttribute("aria-label", "Completions");
    this.append(this.list);
    this.area.setAttribute("aria-autocomplete", "list");
    this.area.setAttribute("aria-controls", this.list.id);
    this.area.addEventListener("keydown", (event) => this.press(event));
    this.area.addEventListener("input", () => this.offer(false));
    this.area.addEventListener("blur", () => setTimeout(() => this.close(), 150));
    this.at = -1;
  }

  async schema() {
    this.known ??= fetch(this.dataset.parts ?? "").then((answer) => answer.json());
    return (await this.known).entities;
  }

  /** The entity whose braces are around the caret, and the word that is begun. */
  place(entities) {
    const before = this.area.value.slice(0, this.area.selectionStart).replace(/#[^\n]*/g, "");
    const begun = /\w*$/.exec(before)[0];
    const stack = [];
    let word = "";
    let isNamed = false;
    let round = 0;
    for (const [token] of before.slice(0, before.length - begun.length).matchAll(/"(?:\\.|[^"])*"|\w+|[{}()]/g)) {
      if (token === "(") round++;
      else if (token === ")") round--;
      else if (round) continue;
      else if (token === "{") stack.push(stack.length ? this.inside(entities, stack.at(-1), word) : "");
      else if (token === "}") stack.pop();
      else word = token;
      isNamed = /^\w/.test(token);
    }
    return { begun, entity: stack.at(-1), isRoot: stack.length === 1, round, isNamed };
  }

  inside(entities, outer, word) {
    if (outer === "") return entities[word.replace(/_(aggregate|by_pk)$/, "")] ? word.replace(/_(aggregate|by_pk)$/, "") : undefined;
    return entities[outer]?.find((field) => field.name === word)?.entity || undefined;
  }

  async offer(isAsked) {
    let entities;
    try {
      entities = await this.schema();
    } catch {
      return;
    }
    const { begun, entity, isRoot, round } = this.place(entities);
    if ((!begun && !isAsked) || document.activeElement !== this.area) return this.close();
    let found = [];
    if (round) found = ARGUMENTS.map((name) => ({ name, says: "argument" }));
    else if (isRoot) found = Object.keys(entities).map((name) => ({ name, says: "rows" }));
    else if (entity) found = entities[entity] ?? [];
    const matching = found.filter((each) => each.name.startsWith(begun) && each.name !== begun).slice(0, 10);
    this.show(matching, begun);
  }

  show(found, begun) {
    this.found = found;
    this.begun = begun;
    this.at = -1;
    this.list.replaceChildren(
      ...found.map(({ name, says }, number) => {
        const item = document.createElement("li");
        item.id = `query-${number}`;
        item.setAttribute("role", "option");
        item.setAttribute("aria-selected", "false");
        const word = document.createElement("b");
        word.textContent = name;
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
    if (found.length) say(`${found.length} completions: ${found[0].name}`);
    this.area.removeAttribute("aria-activedescendant");
  }

  press(event) {
    if (event.ctrlKey && event.key === "Enter") return void this.closest("form")?.requestSubmit();
    if (event.ctrlKey && event.key === " ") {
      event.preventDefault();
      return void this.offer(true);
    }
    if (this.list.hidden) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      const count = this.found.length;
      this.point(event.key === "ArrowDown" ? (this.at + 1) % count : (Math.max(this.at, 0) - 1 + count) % count);
    } else if ((event.key === "Enter" || event.key === "Tab") && this.at >= 0) {
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
    this.area.setAttribute("aria-activedescendant", `query-${number}`);
    this.list.children[number].scrollIntoView({ block: "nearest" });
  }

  take(number) {
    const end = this.area.selectionStart;
    this.area.setRangeText(this.found[number].name, end - this.begun.length, end, "end");
    this.close();
  }

  close() {
    this.list.hidden = true;
    this.at = -1;
    this.area.removeAttribute("aria-activedescendant");
  }
}

customElements.define("rw-graphql", Console);
