/** Choose documents of a list: all of them at once, and how many are chosen. */

import { t } from "./messages.js";

const listing = document.getElementById("listing"); // what is in it changes while documents are added

function show() {
  const all = listing.querySelector(".selecting input");
  if (!all) return;
  const boxes = [...listing.querySelectorAll("tbody input[name=id]")];
  const button = listing.querySelector(".selecting button");
  const count = boxes.filter((box) => box.checked).length;
  button.dataset.words ??= button.textContent;
  all.closest("label").hidden = false;
  all.checked = count === boxes.length;
  all.indeterminate = count > 0 && count < boxes.length;
  button.disabled = count === 0;
  button.textContent = count ? t("Delete the chosen ({count})", { count }) : button.dataset.words;
}

listing.addEventListener("change", ({ target }) => {
  if (target.closest(".selecting")) {
    for (const box of listing.querySelectorAll("tbody input[name=id]")) box.checked = target.checked;
  }
  show();
});
listing.addEventListener("refreshed", show);
show();
