// The costs of an option while the slider moves: the figures of the load are asked for and
// put in place; what is asked for last is what is shown.

let asked = 0;
let timer;

const show = async (form) => {
  const turn = ++asked;
  const query = new URLSearchParams(new FormData(form));
  const answer = await fetch(`${form.dataset.figures}?${query}`, { headers: { "x-part": "1" } }).catch(() => null);
  if (turn !== asked || !answer?.ok) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("figures");
  const old = document.getElementById("figures");
  if (turn !== asked || !fresh || !old) return;
  // What is unfolded stays so.
  fresh.querySelectorAll("details").forEach((it) => {
    const before = it.id ? document.getElementById(it.id) : old.querySelector(`details.${it.classList[0]}`);
    if (before) it.open = before.open;
  });
  old.replaceWith(document.importNode(fresh, true));
  const said = document.querySelector("#load-said b");
  if (said) said.textContent = `${fresh.dataset.load}×`;
  form.elements.at.setAttribute("aria-valuetext", `${fresh.dataset.load} times the expected load`);
  const csv = document.querySelector("a[href*='costs.csv']");
  const rest = fresh.dataset.query ? `?${fresh.dataset.query}` : "";
  if (csv) csv.href = csv.href.split("?")[0] + rest;
  history.replaceState(null, "", location.pathname + rest);
};

document.addEventListener("input", (event) => {
  const form = event.target.closest?.("form[data-figures]");
  if (!form) return;
  clearTimeout(timer);
  timer = setTimeout(() => show(form), 40);
});
document.addEventListener("submit", (event) => {
  if (!event.target.matches("form[data-figures]")) return;
  event.preventDefault();
  show(event.target);
});
