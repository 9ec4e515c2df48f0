/** Tell everyone what has happened: in a note for those who see, and in a live region. */

let timer;

/** Show a message for some seconds. */
export function announce(message) {
  document.querySelector(".toast")?.remove();
  clearTimeout(timer);
  const toast = document.createElement("div");
  toast.className = "toast";
  toast.setAttribute("aria-hidden", "true");
  toast.textContent = message;
  document.body.append(toast);
  timer = setTimeout(() => toast.remove(), 5000);
  speak(message);
}

/** Tell a message to screen readers alone. */
export function speak(message) {
  const region = document.getElementById("announcer");
  if (region) region.textContent = message;
}
