// Completions: the list under a field that completes what is being written. What is offered, and where it goes, is the field's business.
export class Completions {
  /** @param {HTMLElement} within @param {HTMLInputElement | HTMLTextAreaElement} field @param {(number: number) => void} take */
  constructor(within, field, take) {
    this.field = field;
    this.take = take;
    this.list = document.createElement("ul");
    this.list.id = `${field.id}-list`;
    this.list.hidden = true;
    this.list.setAttribute("role", "listbox");
    this.list.setAttribute("aria-label", "Completions");
    within.append(this.list);
    field.setAttribute("aria-autocomplete", "list");
    field.setAttribute("aria-controls", this.list.id);
    field.addEventListener("blur", () => setTimeout(() => this.close(), 150));
    this.close();
  }

  get isOpen() {
    return !this.list.hidden;
  }

  /** @param {{text: string, says: string}[]} found */
  show(found) {
    this.list.replaceChildren(...found.map((each, number) => this.item(each, number)));
    this.point(-1);
    this.open(found.length > 0);
  }

  item({ text, says }, number) {
    const item = document.createElement("li");
    item.id = `${this.field.id}-${number}`;
    item.setAttribute("role", "option");
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
  }

  /** Move in the list, take from it or close it. @param {KeyboardEvent} event */
  press(event) {
    if (!this.isOpen) return;
    const count = this.list.children.length;
    if (event.key === "ArrowDown") this.point((this.at + 1) % count);
    else if (event.key === "ArrowUp") this.point((Math.max(this.at, 0) - 1 + count) % count);
    else if ((event.key === "Enter" || event.key === "Tab") && this.at >= 0) this.take(this.at);
    else if (event.key === "Escape") this.close();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  point(number) {
    this.at = number;
    for (const [index, item] of [...this.list.children].entries()) item.setAttribute("aria-selected", String(index === number));
    const item = this.list.children[number];
    if (item) this.field.setAttribute("aria-activedescendant", item.id);
    else this.field.removeAttribute("aria-activedescendant");
    item?.scrollIntoView({ block: "nearest" });
  }

  close() {
    this.open(false);
    this.point(-1);
  }

  open(isOpen) {
    this.list.hidden = !isOpen;
    if (this.field.getAttribute("role") === "combobox") this.field.setAttribute("aria-expanded", String(isOpen));
  }
}
