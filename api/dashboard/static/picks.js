// Runs chosen in the list: how many there are, and whether they can be compared.

const bar = document.getElementById("compare");
const button = bar.querySelector("button");
const told = document.getElementById("picked");
const [least, most] = bar.dataset.between.split(" ").map(Number);

function count() {
  const number = document.querySelectorAll("input[form=compare]:checked").length;
  button.disabled = number < least || number > most;
  told.textContent = number > most ? `${number} chosen; at most ${most} can be compared.`
    : number ? `${number} chosen.` : `Choose ${least} to ${most} runs to compare.`;
}

document.addEventListener("change", count);
document.addEventListener("refreshed", count);
count();
