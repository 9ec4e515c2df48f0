/** What scripts add to every page: the keyboard. Pages add shortcuts of their own with `shortcut`. */

import { t } from "./messages.js";

/** @type {Map<string, {does: string, run: () => void}>} */
const shortcuts = new Map();

/** Add a shortcut: a key as in KeyboardEvent.key, what it does in words, and what to run. */
export function shortcut(key, does, run) {
  shortcuts.set(key, { does, run });
}

const isWriting = (element) =>
  element instanceof HTMLElement && (element.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(element.tagName));

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  if (event.key === "Escape" && isWriting(event.target)) {
    event.target.blur();
    return;
  }
  if (isWriting(event.target) || document.querySelector("dialog[open]")) return;
  const found = shortcuts.get(event.key);
  if (!found) return;
  event.preventDefault();
  found.run();
});

// An address has the fields that say something: empty ones, and those as they are anyway, stay away.
document.addEventListener("submit", ({ target: form }) => {
  if (form.method !== "get") return;
  const fields = [...form.elements].filter((one) => one.name && (one.value === "" || one.value === one.dataset.default));
  for (const field of fields) field.disabled = true;
  setTimeout(() => fields.forEach((field) => (field.disabled = false)));
});

document.querySelector(".top nav [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });

shortcut("/", t("Go to the search field"), () => {
  const field = document.querySelector("input[type=search]") ?? document.querySelector("textarea");
  field?.focus();
  field?.select?.();
});
shortcut("?", t("Show these shortcuts"), showShortcuts);

function showShortcuts() {
  const dialog = document.createElement("dialog");
  const heading = document.createElement("h2");
  heading.id = "shortcuts";
  heading.textContent = t("Keyboard shortcuts");
  dialog.setAttribute("aria-labelledby", heading.id);
  const list = document.createElement("table");
  for (const [key, { does }] of shortcuts) {
    const row = list.insertRow();
    const name = document.createElement("kbd");
    name.textContent = { ArrowLeft: "←", ArrowRight: "→", ArrowUp: "↑", ArrowDown: "↓", Escape: "Esc" }[key] ?? key;
    row.insertCell().append(name);
    row.insertCell().textContent = does;
  }
  const close = document.createElement("button");
  close.textContent = t("Close");
  close.addEventListener("click", () => dialog.close());
  dialog.append(heading, list, close);
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}
