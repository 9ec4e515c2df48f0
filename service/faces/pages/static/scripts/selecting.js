/** Choose documents of a list: all of them at once, and how many are chosen. */

import { t } from "./messages.js";

const list = document.getElementById("documents");
const boxes = [...list.querySelectorAll("tbody input[name=id]")];
const all = list.querySelector(".selecting input");
const button = list.querySelector(".selecting button");

function show() {
  const count = boxes.filter((box) => box.checked).length;
  all.checked = count === boxes.length;
  all.indeterminate = count > 0 && count < boxes.length;
  button.disabled = count === 0;
  button.textContent = count ? t("Delete the chosen ({count})", { count }) : button.dataset.words;
}

button.dataset.words = button.textContent;
all.closest("label").hidden = false;
all.addEventListener("change", () => {
  for (const box of boxes) box.checked = all.checked;
  show();
});
list.addEventListener("change", show);
show();
