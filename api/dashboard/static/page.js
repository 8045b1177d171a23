// Every page: parts marked data-live follow the server while there is something to follow; copying, confirming, focus.

const PERIOD = 1500;
const PATIENCE = 15000;

const sleep = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));

function keepOpen(old, fresh) {
  for (const details of old.querySelectorAll("details[open][id]")) {
    fresh.querySelector(`#${CSS.escape(details.id)}`)?.setAttribute("open", "");
  }
}

function keepChosen(old, fresh) {
  for (const box of old.querySelectorAll("input[type=checkbox][id]:checked")) {
    const again = fresh.querySelector(`#${CSS.escape(box.id)}`);
    if (again) again.checked = true;
  }
}

function swap(fresh) {
  for (const old of document.querySelectorAll("[data-live][id]")) {
    const part = fresh.getElementById(old.id);
    if (!part || old.contains(document.activeElement)) continue;
    keepOpen(old, part);
    keepChosen(old, part);
    if (part.innerHTML !== old.innerHTML) old.replaceChildren(...part.childNodes);
  }
  document.body.toggleAttribute("data-following", fresh.body.hasAttribute("data-following"));
}

async function refresh() {
  const answer = await fetch(location.href, { headers: { accept: "text/html", "x-refresh": "yes" } });
  if (answer.redirected) return location.assign(answer.url);
  if (!answer.ok) throw new Error(`the server answered ${answer.status}`);
  swap(new DOMParser().parseFromString(await answer.text(), "text/html"));
  document.dispatchEvent(new Event("refreshed"));
}

async function follow() {
  const connection = document.getElementById("connection");
  for (let pause = PERIOD; document.body.hasAttribute("data-following"); ) {
    await sleep(pause);
    if (document.hidden) continue;
    try {
      await refresh();
      pause = PERIOD;
    } catch {
      pause = Math.min(pause * 2, PATIENCE);
    }
    if (connection) connection.hidden = pause === PERIOD;
  }
}

async function copy(button) {
  const code = document.getElementById(button.dataset.copy);
  if (!navigator.clipboard) return getSelection().selectAllChildren(code); // only encrypted and local pages have one
  await navigator.clipboard.writeText(code.textContent);
  const before = button.textContent;
  button.textContent = "Copied";
  await sleep(PERIOD);
  button.textContent = before;
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-copy]");
  if (button) copy(button);
});
document.addEventListener("submit", (event) => {
  const asked = event.submitter?.dataset.confirm;
  if (asked && !confirm(asked)) event.preventDefault();
});
document.querySelector("[data-focus]")?.focus();
document.querySelector("nav [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
follow();
