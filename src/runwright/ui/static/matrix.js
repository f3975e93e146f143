// Matrix: the children of a mapped task as cells, by index and attempt, coloured by state or by how long they took.
// The table behind the link below it shows the same.
import { say } from "./said.js";

const HEIGHT = 14;
const COLUMNS = 100;

/** Say how long something took, as the page around does. @param {number} seconds */
function lengthOf(seconds) {
  if (Math.round(seconds * 1e6) < 1_000) return `${Math.round(seconds * 1e6)}µs`;
  if (seconds < 1) return `${(seconds * 1e3).toFixed(seconds < 0.01 ? 1 : 0)}ms`;
  if (seconds < 60) return `${seconds.toFixed(1)}s`;
  return `${Math.floor(seconds / 60)}m${String(Math.floor(seconds % 60)).padStart(2, "0")}s`;
}

class Matrix extends HTMLElement {
  async connectedCallback() {
    if (this.firstChild) return;
    try {
      const answer = await fetch(this.dataset.from ?? "");
      this.data = await answer.json();
    } catch {
      this.textContent = "The children could not be read.";
      return;
    }
    this.by = "state";
    this.at = 0;
    this.build();
    this.draw();
    new ResizeObserver(() => this.draw()).observe(this);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.draw());
  }

  build() {
    const tools = document.createElement("div");
    tools.className = "log-tools";
    const label = document.createElement("label");
    label.textContent = "Coloured by ";
    const select = document.createElement("select");
    for (const name of ["state", "duration", "attempts"]) select.add(new Option(name, name));
    select.addEventListener("change", () => {
      this.by = select.value;
      this.draw();
    });
    label.append(select);
    tools.append(label);
    this.canvas = document.createElement("canvas");
    this.canvas.tabIndex = 0;
    this.canvas.setAttribute("role", "img");
    this.canvas.setAttribute("aria-label", `${this.data.states.length} children by index. Arrow keys move, Enter opens, Shift and arrow keys choose a range.`);
    this.told = document.createElement("div");
    this.told.className = "told";
    this.told.textContent = "Point at a cell, or drag over several.";
    this.append(tools, this.canvas, this.told);
    this.canvas.addEventListener("pointerdown", (event) => this.begin(event));
    this.canvas.addEventListener("pointermove", (event) => this.point(event));
    this.canvas.addEventListener("pointerup", (event) => this.end(event));
    this.canvas.addEventListener("keydown", (event) => this.press(event));
    this.canvas.addEventListener("focus", () => this.tell());
    this.canvas.addEventListener("blur", () => this.draw());
  }

  get most() {
    return (this.depth ??= this.data.attempts.reduce((most, each) => Math.max(most, each), 1));
  }

  get columns() {
    return Math.min(COLUMNS, Math.max(10, Math.floor(this.clientWidth / 9)), Math.max(1, this.data.states.length));
  }

  colours() {
    const probe = document.createElement("span");
    this.append(probe);
    const found = new Map();
    for (const [code, name] of Object.entries({ ...this.data.names, "-1": "Pending" })) {
      probe.className = `st-${name} probe`;
      found.set(Number(code), getComputedStyle(probe).color);
    }
    probe.remove();
    return found;
  }

  draw() {
    const { states, attempts, seconds } = this.data;
    const columns = this.columns;
    const depth = Math.min(this.most, 6);
    const block = depth * HEIGHT + 4;
    const width = this.clientWidth;
    const height = Math.ceil(states.length / columns) * block;
    const ratio = devicePixelRatio || 1;
    this.canvas.width = width * ratio;
    this.canvas.height = height * ratio;
    this.canvas.style.height = `${height}px`;
    const context = this.canvas.getContext("2d");
    context.scale(ratio, ratio);
    const colours = this.colours();
    const size = width / columns;
    const longest = seconds.reduce((most, each) => Math.max(most, each), 1e-9);
    const styles = getComputedStyle(this);
    for (let index = 0; index < states.length; index++) {
      const x = (index % columns) * size;
      const y = Math.floor(index / columns) * block;
      const made = Math.min(Math.max(attempts[index], 1), depth);
      for (let attempt = 0; attempt < made; attempt++) {
        const isLast = attempt === made - 1;
        context.globalAlpha = this.alpha(index, isLast, longest);
        context.fillStyle = colours.get(states[index]) ?? styles.color;
        context.fillRect(x + 0.5, y + attempt * HEIGHT + (isLast ? 0 : 3), Math.max(1, size - 1), isLast ? HEIGHT - 1 : HEIGHT - 7);
      }
    }
    context.globalAlpha = 1;
    this.outline(context, columns, size, block);
  }

  alpha(index, isLast, longest) {
    if (this.data.states[index] < 0) return 0.2;
    if (this.by === "duration") return 0.1 + 0.9 * Math.sqrt(Math.max(0, this.data.seconds[index]) / longest);
    if (this.by === "attempts") return Math.min(1, 0.15 + 0.85 * ((this.data.attempts[index] - 1) / Math.max(1, this.most - 1)));
    return isLast ? 1 : 0.5;
  }

  outline(context, columns, size, block) {
    const [first, last] = this.range ?? [];
    context.strokeStyle = getComputedStyle(this).color;
    context.lineWidth = 2;
    const mark = (index) => context.strokeRect((index % columns) * size + 1, Math.floor(index / columns) * block, Math.max(2, size - 2), block - 4);
    if (first !== undefined) for (let index = first; index <= last; index++) mark(index);
    if (document.activeElement === this.canvas || this.isPointed) mark(this.at);
  }

  index(event) {
    const box = this.canvas.getBoundingClientRect();
    const block = Math.min(this.most, 6) * HEIGHT + 4;
    const column = Math.min(this.columns - 1, Math.max(0, Math.floor(((event.clientX - box.left) / box.width) * this.columns)));
    const index = Math.floor((event.clientY - box.top) / block) * this.columns + column;
    return index >= 0 && index < this.data.states.length ? index : undefined;
  }

  begin(event) {
    this.from = this.index(event);
    this.range = undefined;
  }

  point(event) {
    const index = this.index(event);
    if (index === undefined) return;
    this.isPointed = true;
    this.at = index;
    if (this.from !== undefined && index !== this.from) this.range = [Math.min(this.from, index), Math.max(this.from, index)];
    this.draw();
    this.tell();
  }

  end(event) {
    const index = this.index(event);
    if (!this.range && index !== undefined && index === this.from && this.data.ids[index]) location.href = this.dataset.open + this.data.ids[index];
    this.from = undefined;
  }

  press(event) {
    const steps = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: this.columns, ArrowUp: -this.columns };
    const step = steps[event.key];
    if (event.key === "Enter" && this.data.ids[this.at]) location.href = this.dataset.open + this.data.ids[this.at];
    if (!step) return;
    event.preventDefault();
    const next = Math.min(this.data.states.length - 1, Math.max(0, this.at + step));
    if (event.shiftKey) {
      this.anchor ??= this.at;
      this.range = [Math.min(this.anchor, next), Math.max(this.anchor, next)];
    } else {
      this.anchor = this.range = undefined;
    }
    this.at = next;
    this.draw();
    this.tell();
  }

  tell() {
    const { states, attempts, seconds, names } = this.data;
    const state = names[states[this.at]] ?? "not begun";
    const words = `index ${this.at}: ${state}${attempts[this.at] ? `, attempt ${attempts[this.at]}, ${lengthOf(seconds[this.at])}` : ""}`;
    const line = document.createElement("span");
    line.textContent = words;
    this.told.replaceChildren(line);
    if (this.range) {
      const [first, last] = this.range;
      const link = document.createElement("a");
      link.className = "button";
      link.href = `${this.dataset.list}${encodeURIComponent(` map_index:>=${first} map_index:<=${last}`)}`;
      link.textContent = `Show the ${last - first + 1} from ${first} to ${last}`;
      this.told.append(link);
    }
    if (document.activeElement === this.canvas) say(words);
    this.draw();
  }
}

customElements.define("rw-matrix", Matrix);
