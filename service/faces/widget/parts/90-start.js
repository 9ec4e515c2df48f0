/* Define the elements, and put a dialog on the page for each script tag with a key. */

for (const [name, element] of [["loccit-question", Question], ["loccit-dialog", Dialog], ["loccit-citation", Citation]]) {
  if (!customElements.get(name)) customElements.define(name, element);
}

if (TAG?.dataset.key !== undefined) {
  const dialog = document.createElement("loccit-dialog");
  for (const name of ["key", "collection", "language", "greeting", "position", "accent", "mode", "judge"]) {
    if (TAG.dataset[name] !== undefined) dialog.setAttribute(name, TAG.dataset[name]);
  }
  const show = () => document.body.append(dialog);
  if (document.body) show();
  else document.addEventListener("DOMContentLoaded", show);
}
