// Conveniences of every page: the list of pages begins at the current one, and code can be copied. Without it all works.
"use strict";
addEventListener("DOMContentLoaded", () => {
  const pages = document.querySelector("nav.site");
  const current = pages?.querySelector("a.current");
  if (current && pages.scrollHeight > pages.clientHeight) {
    pages.scrollTop = current.offsetTop - pages.offsetTop - pages.clientHeight / 3;
  }
  if (!navigator.clipboard) return;
  for (const code of document.querySelectorAll("main .highlight > pre")) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "copy";
    button.textContent = "Copy";
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(code.textContent.trimEnd());
      button.textContent = "Copied";
      setTimeout(() => { button.textContent = "Copy"; }, 2000);
    });
    code.parentElement.append(button);
  }
});
