// Scrubber: shows the moment while it is dragged, goes there when it is let go, goes on a step, and plays.
import { showPage } from "./live.js";
import { say } from "./said.js";

const STEPS = 20;
const PAUSE = 600;
const isStill = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

class Scrubber extends HTMLElement {
  connectedCallback() {
    this.range = this.querySelector("input");
    this.form = this.closest("form");
    if (!this.range || !this.form || this.querySelector("button")) return;
    this.range.addEventListener("input", () => this.tell());
    this.range.addEventListener("change", () => this.go());
    this.append(this.button("Step", "Go a twentieth further", () => this.step()));
    if (isStill()) return;
    this.player = this.button("Play", "Play from here to the end", () => (this.isPlaying ? this.stop() : this.play()));
    this.append(this.player);
  }

  button(text, title, act) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "button";
    button.textContent = text;
    button.title = title;
    button.addEventListener("click", act);
    return button;
  }

  get most() {
    return Number(this.range.max);
  }

  get isAtEnd() {
    return Number(this.range.value) >= this.most;
  }

  tell() {
    const output = this.form.querySelector("output");
    if (output) output.textContent = `${(Number(this.range.value) / 1000).toFixed(2)} s in`;
  }

  advance() {
    this.range.value = String(this.isAtEnd ? 0 : Math.min(this.most, Number(this.range.value) + this.most / STEPS));
  }

  step() {
    this.advance();
    this.go();
  }

  /** Lead to the moment as a page of its own. */
  go() {
    this.range.value = String(Math.round(Number(this.range.value)));
    if (this.isAtEnd) this.range.disabled = true;
    this.form.requestSubmit();
  }

  async play() {
    this.isPlaying = true;
    this.player.textContent = "Pause";
    say("Playing");
    if (this.isAtEnd) this.range.value = "0";
    while (this.isPlaying && this.isConnected) {
      if (!(await this.show())) break;
      if (this.isAtEnd) break;
      await new Promise((resolve) => setTimeout(resolve, PAUSE));
      if (this.isPlaying) this.advance();
    }
    this.stop();
  }

  stop() {
    if (this.isPlaying) say(this.isAtEnd ? "Played to the end" : "Stopped");
    this.isPlaying = false;
    this.player.textContent = "Play";
  }

  /** Show the moment on the page that is there, whose address follows. */
  show() {
    const words = new URLSearchParams(location.search);
    if (this.isAtEnd) words.delete("at");
    else words.set("at", String(Math.round(Number(this.range.value))));
    this.tell();
    return showPage(`${location.pathname}?${words}`);
  }
}

customElements.define("rw-scrubber", Scrubber);
