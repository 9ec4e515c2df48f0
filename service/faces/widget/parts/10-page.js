/* The page's own script tag: its address is that of the service, its data attributes are the settings. */

const TAG = document.currentScript;
const SERVICE = TAG instanceof HTMLScriptElement && TAG.src ? TAG.src : location.href;

/** An absolute address of the service; anything that is not a web address becomes empty. */
function address(path) {
  try {
    const found = new URL(path.replace(/^\//, ""), new URL(".", SERVICE));
    return /^https?:$/.test(found.protocol) ? found.href : "";
  } catch {
    return "";
  }
}

/** The words of the widget in a language, by its primary subtag; English otherwise. */
function wordsIn(language) {
  return MESSAGES[(language || "").toLowerCase().split("-")[0]] ?? MESSAGES.en;
}

/** A new element with properties, classes in `class`, attributes in `set`, and children. */
function make(name, { set = {}, ...properties } = {}, ...children) {
  const element = Object.assign(document.createElement(name), properties);
  for (const [attribute, value] of Object.entries(set)) element.setAttribute(attribute, value);
  element.append(...children);
  return element;
}

/** Put the widget's style into a shadow root. A constructed sheet needs no leave of the page's policy. */
function style(root) {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(STYLE);
  root.adoptedStyleSheets = [sheet];
}
