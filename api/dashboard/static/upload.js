// A file beside another form: sent with its progress, then chosen in the form, which stays as it is.

const parse = (text) => new DOMParser().parseFromString(text, "text/html");

function wrong(request) {
  if (request.getResponseHeader("content-type")?.includes("json")) return JSON.parse(request.responseText).error.message;
  return parse(request.responseText).getElementById("form-error")?.textContent ?? "The server did not take the file; try again.";
}

function choose(target, made) {
  const option = new Option(made.dataset.label, made.dataset.made, true, true);
  target.append(option);
  target.dispatchEvent(new Event("filled", { bubbles: true }));
}

function watch(part) {
  const form = document.getElementById(part.dataset.upload);
  const target = document.getElementById(part.dataset.target);
  const [bar, said, stop] = [part.querySelector("progress"), part.querySelector("[role=status]"), part.querySelector("[data-stop]")];
  const file = part.querySelector("[type=file]");

  function tell(text, isBad = false) {
    bar.hidden = stop.hidden = true;
    said.textContent = text;
    said.classList.toggle("flaw", isBad);
    file.toggleAttribute("aria-invalid", isBad);
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (!file.files.length) return tell("Choose a file first.", true);
    const request = new XMLHttpRequest(); // fetch tells no progress of what it sends
    request.open("POST", form.action);
    request.upload.onprogress = ({ loaded, total }) => {
      bar.value = total ? (1000 * loaded) / total : 0;
      said.textContent = loaded < total ? `${Math.floor((100 * loaded) / total)}% sent` : "Checking every line.";
    };
    request.onload = () => {
      const made = parse(request.responseText).querySelector("[data-made]");
      if (request.status >= 400 || !made) return tell(wrong(request), true);
      choose(target, made);
      tell(`${made.dataset.label}: uploaded and chosen.`);
    };
    request.onerror = () => tell("The server closed the connection; try again.", true);
    request.onabort = () => tell("Cancelled; nothing is kept.");
    stop.onclick = () => request.abort();
    tell("");
    bar.hidden = stop.hidden = false;
    request.send(new FormData(form));
  });
}

document.querySelectorAll("[data-upload]").forEach(watch);
