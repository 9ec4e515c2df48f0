/** Questions worth asking: found while the page is there already, because each is asked before it is shown. */

/** Put the questions in, or the sentence that there are none. */
export async function suggest() {
  const section = document.querySelector(".suggested[data-load]");
  if (!section) return;
  const response = await fetch(section.dataset.load).catch(() => null);
  const found = response?.ok && new DOMParser().parseFromString(await response.text(), "text/html").querySelector(".suggestions, main > .note");
  if (found) section.querySelector("p").replaceWith(found);
  else section.remove();
}
