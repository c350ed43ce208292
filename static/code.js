// Pages with code: `/` goes to the search, a choice is sent at once, and a page
// that waits for files comes again when they change.

const search = document.querySelector("[data-search]");
document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input, textarea, select, [contenteditable]");
  if (event.key === "/" && search && !typing && !event.metaKey && !event.ctrlKey) {
    event.preventDefault();
    search.focus();
    search.select();
  }
});

document.querySelector("select[name=against]")?.addEventListener("change", (event) => {
  if (event.target.value) event.target.form.requestSubmit();
});

const watch = document.querySelector("[data-watch]");
if (watch) {
  const events = new EventSource(`/api/v1/sessions/${watch.dataset.watch}/events`);
  events.addEventListener("artifacts", () => {
    events.close();
    location.reload();
  });
}
