// Keys for reviewing pairs: each acts on the link, button or summary that shows it; without a script these do the same.

const edit = document.getElementById("edit");
const silent = document.querySelector("[data-silent]") !== null;
let leaving = false; // one decision for one key, however long it is held

function leaveEdit() {
  if (!edit) return;
  edit.open = false;
  document.activeElement?.blur();
}

function press(key) {
  const found = [...document.querySelectorAll("[data-key]")].find((one) => one.dataset.key === key);
  if (!found) return false;
  found.click();
  if (found.parentElement === edit && edit.open) document.getElementById("chosen").focus();
  return true;
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || leaving) return;
  const typing = event.target.closest("input, textarea, select");
  if (event.key === "Escape" && event.target.closest("#edit")) return leaveEdit();
  if (typing || silent) return;
  if (press(event.key)) event.preventDefault();
});
document.addEventListener("submit", () => (leaving = true));
addEventListener("pagehide", () => (leaving = true));
addEventListener("pageshow", () => (leaving = false));
