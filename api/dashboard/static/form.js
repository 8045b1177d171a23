// The form of a new distillation: fields of the chosen method only, and the request as a command while it is written.

const form = document.getElementById("new");
const code = document.getElementById("code-new");
const address = code.textContent.match(/'?(https?:\/\/[^\s']+)'?/)[1];

function showMethod() {
  const chosen = new FormData(form).get("method.type");
  for (const fields of form.querySelectorAll("[data-method]")) fields.hidden = fields.dataset.method !== chosen;
}

function put(body, path, value) {
  const steps = path.split(".");
  const end = steps.pop();
  steps.reduce((here, step) => (here[step] ??= {}), body)[end] = value;
}

function typed(field, text) {
  return field.dataset.kind && text !== "" && !Number.isNaN(Number(text)) ? Number(text) : text;
}

function bodyOf() {
  const body = { dataset: { behavior: new FormData(form).getAll("dataset.behavior") } };
  for (const field of form.querySelectorAll("[data-default]")) {
    const text = field.value.trim();
    const unused = field.closest("[data-method]")?.hidden || (field.type === "radio" && !field.checked);
    if (unused || !text || text === field.dataset.default) continue;
    if (field.name === "reward") {
      const rule = text.startsWith("rule:");
      put(body, "dataset.reward", rule ? { kind: "rule", rule: text.slice(5) } : { model: text });
    } else put(body, field.name, typed(field, text));
  }
  return body;
}

function write() {
  showMethod();
  const body = JSON.stringify(bodyOf(), null, 2).replaceAll("'", "'\\''");
  code.textContent = [
    `curl -X POST ${address}`,
    '-H "Authorization: Bearer $BURNISH_KEY"',
    '-H "Content-Type: application/json"',
    `-d '${body}'`,
  ].join(" \\\n  ");
}

form.addEventListener("input", write);
write();
