// Generated code, wherever it is shown: `s` goes to the search, a choice is sent at once,
// lines that an address names are marked, and a list of files comes again when they change.

const typing = (it) => it.closest("input, textarea, select, [contenteditable], dialog");
document.addEventListener("keydown", (event) => {
  const search = document.querySelector("[data-search]");
  if (event.key !== "s" || !search || typing(event.target) || event.metaKey || event.ctrlKey || event.altKey) return;
  event.preventDefault();
  search.focus();
  search.select();
});

document.addEventListener("change", (event) => {
  if (event.target.matches?.("select[name=against]") && event.target.value) event.target.form.requestSubmit();
});

// `#L12` or `#L12-L20`; without, the first line of the component that was asked for.
const mark = () => {
  const source = document.getElementById("source");
  if (!source) return;
  source.querySelectorAll(".line.marked").forEach((it) => it.classList.remove("marked"));
  const [, from, to] = /^#L(\d+)(?:-L(\d+))?$/.exec(location.hash) ?? [];
  if (from) {
    for (let n = Number(from); n <= Math.min(Number(to ?? from), Number(from) + 5000); n++)
      document.getElementById(`L${n}`)?.classList.add("marked");
  }
  source.querySelector(from ? ".line.marked" : ".line.of")?.scrollIntoView({ block: "center" });
};
addEventListener("hashchange", mark);
document.addEventListener("workbench:pane", mark);
mark();

// A second line with the shift key makes a range.
document.addEventListener("click", (event) => {
  const number = event.target.closest?.(".source .ln");
  const first = /^#L(\d+)/.exec(location.hash)?.[1];
  if (!number || !event.shiftKey || !first) return;
  event.preventDefault();
  const [from, to] = [Number(first), Number(number.dataset.n)].sort((a, b) => a - b);
  history.replaceState(null, "", `#L${from}-L${to}`);
  mark();
});

const watch = document.querySelector("[data-watch]");
if (watch) {
  const events = new EventSource(`/api/v1/sessions/${watch.dataset.watch}/events`);
  events.addEventListener("artifacts", () => {
    events.close();
    location.reload();
  });
}
