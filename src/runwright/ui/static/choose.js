// Choose: says how many rows are chosen, and chooses all of the page; Shift chooses from one row to another.
class Choose extends HTMLElement {
  connectedCallback() {
    if (this.firstChild) return;
    this.hidden = false;
    const label = document.createElement("label");
    this.whole = document.createElement("input");
    this.whole.type = "checkbox";
    this.told = document.createElement("span");
    label.append(this.whole, " ", this.told);
    this.append(label);
    this.whole.addEventListener("change", () => {
      for (const box of this.boxes) box.checked = this.whole.checked;
      this.tell();
    });
    document.addEventListener("click", (event) => this.pick(event));
    document.addEventListener("change", () => this.tell());
    this.tell();
  }

  get boxes() {
    return /** @type {HTMLInputElement[]} */ ([...document.querySelectorAll("input[type=checkbox][form=bulk]")]);
  }

  pick(event) {
    const boxes = this.boxes;
    const at = boxes.indexOf(event.target);
    if (at < 0) return;
    const from = boxes.indexOf(this.last);
    if (event.shiftKey && from >= 0) for (let n = Math.min(at, from); n <= Math.max(at, from); n++) boxes[n].checked = event.target.checked;
    this.last = event.target;
    this.tell();
  }

  tell() {
    const boxes = this.boxes;
    const chosen = boxes.filter((box) => box.checked).length;
    const fold = this.closest("details");
    if (chosen && !this.hadChosen && fold) fold.open = true; // on a telephone what can be done with them is folded away
    this.hadChosen = chosen > 0;
    this.told.textContent = chosen ? `${chosen} chosen` : "Choose this page";
    this.whole.checked = chosen > 0 && chosen === boxes.length;
    this.whole.indeterminate = chosen > 0 && chosen < boxes.length;
  }
}

customElements.define("rw-choose", Choose);
