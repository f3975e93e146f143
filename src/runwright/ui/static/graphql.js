// GraphQL: completes fields inside the braces under the caret, from the entities of the record.
import { Completions } from "./completions.js";
import { say } from "./said.js";

const ARGUMENTS = ["where", "order_by", "limit", "offset"];

class Console extends HTMLElement {
  connectedCallback() {
    this.area = this.querySelector("textarea");
    if (!this.area || this.list) return;
    this.list = new Completions(this, this.area, (number) => this.take(number));
    this.area.addEventListener("keydown", (event) => this.press(event));
    this.area.addEventListener("input", () => this.offer(false));
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
    if ((!begun && !isAsked) || document.activeElement !== this.area) return this.list.close();
    let found = [];
    if (round) found = ARGUMENTS.map((name) => ({ name, says: "argument" }));
    else if (isRoot) found = Object.keys(entities).map((name) => ({ name, says: "rows" }));
    else if (entity) found = entities[entity] ?? [];
    this.begun = begun;
    this.found = found.filter((each) => each.name.startsWith(begun) && each.name !== begun).slice(0, 10);
    this.list.show(this.found.map(({ name, says }) => ({ text: name, says })));
    if (this.found.length) say(`${this.found.length} completions: ${this.found[0].name}`);
  }

  press(event) {
    if (event.ctrlKey && event.key === "Enter") return void this.closest("form")?.requestSubmit();
    if (event.ctrlKey && event.key === " ") {
      event.preventDefault();
      return void this.offer(true);
    }
    this.list.press(event);
  }

  take(number) {
    const end = this.area.selectionStart;
    this.area.setRangeText(this.found[number].name, end - this.begun.length, end, "end");
    this.list.close();
  }
}

customElements.define("rw-graphql", Console);
