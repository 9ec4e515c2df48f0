/** Messages of scripts in the language of the page. */

const found = document.getElementById("messages");
const translated = found ? JSON.parse(found.textContent) : {};
const rules = new Intl.PluralRules(document.documentElement.lang || "en");

/**
 * A message in the page's language, with values for its fields in braces.
 * @param {string} message
 * @param {Record<string, unknown>} [values]
 */
export function t(message, values = {}) {
  return filled(translated[message] ?? message, values);
}

/**
 * The message for a number, which is its field `count`. A translation may have a form for each plural category.
 * @param {string} one
 * @param {string} many
 * @param {number} count
 */
export function tn(one, many, count) {
  const translation = translated[many] ?? { one, other: many };
  const forms = typeof translation === "string" ? { other: translation } : translation;
  return filled(forms[rules.select(count)] ?? forms.other, { count });
}

function filled(text, values) {
  return text.replace(/\{(\w+)\}/g, (field, name) => (name in values ? String(values[name]) : field));
}
