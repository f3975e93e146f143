// Scrubber: shows the moment while it is dragged, goes there when it is let go, and plays.
class Scrubber extends HTMLElement {
  connectedCallback() {
    const range = this.querySelector("input");
    const form = this.closest("form");
    if (!range || !form || this.querySelector("button")) return;
    const output = form.querySelector("output");
    const go = () => {
      range.value = String(Math.round(Number(range.value)));
      if (Number(range.value) >= Number(range.max)) range.disabled = true;
      form.requestSubmit();
    };
    range.addEventListener("input", () => {
      if (output) output.textContent = `${(Number(range.value) / 1000).toFixed(2)} s in`;
    });
    range.addEventListener("change", go);
    const play = document.createElement("button");
    play.type = "button";
    play.className = "button";
    play.textContent = "Step";
    play.title = "Go a twentieth further";
    play.addEventListener("click", () => {
      const most = Number(range.max);
      const at = Number(range.value);
      range.value = String(at >= most ? 0 : Math.min(most, at + most / 20));
      go();
    });
    this.append(play);
  }
}

customElements.define("rw-scrubber", Scrubber);
