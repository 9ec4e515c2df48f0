/** The reference of the API: find operations while typing, and send requests. */

import { at } from "./service.js";

const words = document.getElementById("words");
const items = [...document.querySelectorAll(".operations li")];

words?.addEventListener("input", () => {
  const sought = words.value.toLowerCase().split(/\s+/).filter(Boolean);
  for (const item of items) {
    const text = item.textContent.toLowerCase();
    item.hidden = !sought.every((word) => text.includes(word));
  }
  for (const section of document.querySelectorAll(".tag")) {
    section.hidden = !section.querySelector(".operations li:not([hidden])");
  }
  document.getElementById("none").hidden = items.some((item) => !item.hidden);
});

const trying = document.getElementById("try");
if (trying) {
  trying.hidden = false;
  trying.querySelector("form").addEventListener("submit", (event) => {
    event.preventDefault();
    send(event.target);
  });
}

/** Sends what the form says, and shows the answer. */
async function send(form) {
  const { method, path } = trying.dataset;
  const shown = trying.querySelector("pre");
  shown.hidden = false;
  shown.textContent = "…";
  let address = path;
  const query = new URLSearchParams();
  for (const input of form.querySelectorAll("[data-in]")) {
    if (input.dataset.in === "path") {
      const value = input.value.split("/").map(encodeURIComponent).join("/");
      address = address.replace(`{${input.name}}`, () => value);
    } else if (input.value) {
      query.set(input.name, input.value);
    }
  }
  const options = { method };
  const body = form.elements.body?.value;
  if (body) Object.assign(options, { body, headers: { "content-type": "application/json" } });
  try {
    const reply = await fetch(at(address) + (query.size ? `?${query}` : ""), options);
    shown.textContent = `${reply.status} ${reply.statusText}\n\n${pretty(await reply.text())}`;
  } catch (error) {
    shown.textContent = String(error);
  }
}

function pretty(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}
