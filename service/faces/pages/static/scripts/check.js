/** The page that checks a text: go from sentence to sentence, show problems only, copy, and read a file. */

import { t } from "./messages.js";
import { shortcut } from "./page.js";

const sentences = [...document.querySelectorAll(".sentence")];
const verdictOf = (sentence) => document.querySelector(sentence.hash);
const isProblem = (one) => ["bad", "warn", "old"].includes(one.dataset.state);
const onlyProblems = document.getElementById("problems");
const shown = () => (onlyProblems?.getAttribute("aria-pressed") === "true" ? sentences.filter(isProblem) : sentences);
let chosen = null;

function choose(sentence) {
  if (chosen) {
    chosen.removeAttribute("aria-current");
    verdictOf(chosen).classList.remove("chosen");
  }
  chosen = sentence;
  sentence.setAttribute("aria-current", "true");
  const verdict = verdictOf(sentence);
  verdict.classList.add("chosen");
  // Side by side, only the list of verdicts scrolls; below each other, the page does.
  // A card that does not fit below is shown from its top, with what it says first.
  const list = verdict.closest(".sources");
  if (list.scrollHeight > list.clientHeight) list.scrollTop += verdict.getBoundingClientRect().top - list.getBoundingClientRect().top - 8;
  else verdict.scrollIntoView({ block: "nearest" });
}

function step(by) {
  const among = shown();
  if (!among.length) return;
  const at = among.indexOf(chosen);
  const next = among[at < 0 ? (by > 0 ? 0 : among.length - 1) : Math.min(Math.max(at + by, 0), among.length - 1)];
  choose(next);
  next.focus({ preventScroll: true });
  next.scrollIntoView({ block: "nearest" });
}

const isBeside = () => matchMedia("(min-width: 60rem)").matches;
for (const sentence of sentences) {
  sentence.addEventListener("click", (event) => {
    choose(sentence);
    if (isBeside()) event.preventDefault();
  });
}

if (sentences.length) {
  document.querySelector(".controls").hidden = false;
  shortcut("ArrowRight", t("Next sentence"), () => step(1));
  shortcut("ArrowLeft", t("Previous sentence"), () => step(-1));
  shortcut("p", t("Only problems"), () => onlyProblems.click());
}

onlyProblems?.addEventListener("click", () => {
  const pressed = onlyProblems.getAttribute("aria-pressed") !== "true";
  onlyProblems.setAttribute("aria-pressed", String(pressed));
  for (const sentence of sentences) {
    sentence.classList.toggle("muted", pressed && !isProblem(sentence));
    verdictOf(sentence).hidden = pressed && !isProblem(sentence);
  }
});

for (const button of document.querySelectorAll("[data-copies]")) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    const field = document.getElementById(button.dataset.copies);
    const before = button.textContent;
    button.textContent = (await copied(field)) ? t("Copied") : t("Press Ctrl+C to copy");
    setTimeout(() => (button.textContent = before), 3000);
  });
}

/** Copies a field; HTML as text that programs paste with its form. Whether it did. */
async function copied(field) {
  field.select();
  try {
    if (field.id === "copy-html" && window.ClipboardItem) {
      const plain = document.getElementById("copy-plain").value;
      const item = new ClipboardItem({
        "text/html": new Blob([field.value], { type: "text/html" }),
        "text/plain": new Blob([plain], { type: "text/plain" }),
      });
      await navigator.clipboard.write([item]);
    } else {
      await navigator.clipboard.writeText(field.value);
    }
    return true;
  } catch {
    // Browsers have no clipboard for pages over plain HTTP; the field is selected.
    return document.execCommand("copy");
  }
}
