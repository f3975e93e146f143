// Copy: a button on what one may want elsewhere.
import { say } from "./said.js";

class Copy extends HTMLElement {
  connectedCallback() {
    if (this.querySelector("button") || !navigator.clipboard) return;
    const button = document.createElement("button");
    button.type = "button";
    button.className = "button";
    button.textContent = "Copy";
    const what = this.querySelector("pre, code")?.getAttribute("aria-label");
    if (what) button.setAttribute("aria-label", `Copy: ${what}`);
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(this.querySelector("pre, code")?.textContent ?? "");
      button.textContent = "Copied";
      say("Copied");
      setTimeout(() => (button.textContent = "Copy"), 1_500);
    });
    this.append(button);
  }
}

customElements.define("rw-copy", Copy);
