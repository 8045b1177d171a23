// The form of a new distillation: fields of the chosen method only; the estimate and the command follow what is written.

const PAUSE = 250; // milliseconds without a change before the server is asked
const FOLLOWING = ["estimate", "code-new"];

const form = document.getElementById("new");
const button = document.getElementById("ask-estimate");
let waiting = 0;
let asked = null;

function showMethod() {
  const chosen = new FormData(form).get("method.type");
  for (const fields of form.querySelectorAll("[data-method]")) fields.hidden = fields.dataset.method !== chosen;
}

async function ask() {
  asked?.abort();
  asked = new AbortController();
  const body = new URLSearchParams(new FormData(form));
  const answer = await fetch(`${button.formAction}?part=true`, { method: "POST", body, signal: asked.signal }).catch(() => null);
  if (!answer?.ok || answer.redirected) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const id of FOLLOWING) document.getElementById(id).replaceChildren(...fresh.getElementById(id).childNodes);
}

function changed() {
  showMethod();
  clearTimeout(waiting);
  waiting = setTimeout(ask, PAUSE);
}

button.hidden = true;
form.addEventListener("input", changed);
showMethod();
ask();
