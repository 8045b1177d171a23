// Forms: only the fields that belong to what is chosen are shown; rows come and go; the estimate and the command follow
// what is written.

const PAUSE = 250; // milliseconds without a change before the server is asked

const form = document.querySelector("form[data-ask]");
const button = document.getElementById("ask-estimate");
let waiting = 0;
let asked = null;

const send = (address, body, signal) => fetch(address, { method: "POST", body: new URLSearchParams(body), signal }).catch(() => null);
const parse = async (answer) => new DOMParser().parseFromString(await answer.text(), "text/html");

function showChosen() {
  const said = new FormData(form);
  for (const fields of form.querySelectorAll("[data-method]")) fields.hidden = fields.dataset.method !== said.get("method.type");
  for (const part of form.querySelectorAll("[data-when]")) {
    const [name, value] = part.dataset.and?.split("=") ?? [];
    const written = part.querySelector("input:not([type=hidden])")?.value;
    part.hidden = !part.dataset.is.split(" ").includes(said.get(part.dataset.when)) || (name && said.get(name) !== value && !written);
  }
}

async function ask() {
  asked?.abort();
  asked = new AbortController();
  const answer = await send(form.dataset.ask, new FormData(form), asked.signal);
  if (!answer?.ok || answer.redirected) return;
  const fresh = await parse(answer);
  for (const id of form.dataset.follow.split(" ")) {
    document.getElementById(id).replaceChildren(...fresh.getElementById(id).childNodes);
  }
}

function changed() {
  showChosen();
  clearTimeout(waiting);
  waiting = setTimeout(ask, PAUSE);
}

async function swap(pressed) {
  const body = new FormData(form);
  body.append(pressed.name, pressed.value);
  const answer = await send(pressed.formAction, body);
  if (!answer?.ok || answer.redirected) return form.requestSubmit(pressed);
  const part = document.getElementById(pressed.dataset.swap);
  part.replaceChildren(...(await parse(answer)).getElementById(part.id).childNodes);
  const adds = pressed.name === "add";
  const rows = part.querySelectorAll("fieldset");
  (adds ? rows[rows.length - 1].querySelector("select") : part.querySelector("[name=add]")).focus();
  changed();
}

form.addEventListener("submit", (event) => {
  if (!event.submitter?.dataset.swap || event.submitter.dataset.tried) return;
  event.preventDefault();
  event.submitter.dataset.tried = "yes"; // when the server does not answer, the browser itself goes there and tells
  swap(event.submitter);
});
form.addEventListener("input", changed);
form.addEventListener("filled", changed);
if (button) button.hidden = true;
showChosen();
ask();
