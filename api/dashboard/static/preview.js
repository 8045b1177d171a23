// Five pairs beside the form: the preview is asked for and followed, and the form stays as it is.

const PERIOD = 1000;

const form = document.getElementById("new");
const section = document.getElementById("preview");
const said = document.getElementById("preview-said");
const list = document.getElementById("preview-pairs");
let current = 0;

const sleep = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));
const parse = async (answer) => new DOMParser().parseFromString(await answer.text(), "text/html");

function show(page) {
  const pairs = page.querySelectorAll("#pairs > .pair");
  const wrong = page.querySelector("#error .bad");
  said.textContent = wrong?.textContent ?? page.getElementById("spoken").textContent;
  list.replaceChildren(...pairs);
}

async function follow(address, mine) {
  while (mine === current) {
    const answer = await fetch(address).catch(() => null);
    if (answer?.ok) {
      const page = await parse(answer);
      if (mine === current) show(page);
      if (!page.body.hasAttribute("data-following")) return;
    }
    await sleep(PERIOD);
  }
}

async function preview(action) {
  current += 1;
  section.hidden = false;
  list.replaceChildren();
  said.textContent = "Asking for five pairs.";
  document.getElementById("preview-title").focus();
  const body = new URLSearchParams(new FormData(form));
  const answer = await fetch(action, { method: "POST", body }).catch(() => null);
  if (answer?.redirected) {
    document.getElementById("preview-link").href = answer.url;
    return follow(answer.url, current);
  }
  said.textContent = (answer && (await parse(answer)).getElementById("form-error")?.textContent) ?? "The server does not answer; try again.";
}

form.addEventListener("submit", (event) => {
  if (event.submitter?.id !== "ask-preview") return;
  event.preventDefault();
  preview(event.submitter.formAction);
});
