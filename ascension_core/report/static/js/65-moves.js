/* The list of moves follows the video, and leads to each of them. */
if (byId("moves")) (() => {
  const list = byId("moves");
  const rows = all("button", list).map((button) => ({ button, start: Number(button.dataset.start), end: Number(button.dataset.end) }));
  for (const row of rows) row.button.addEventListener("click", () => player.seek(row.start));

  const feet = byId("feet");
  feet.addEventListener("click", () => {
    const hidden = list.classList.toggle("hands-only");
    feet.setAttribute("aria-pressed", String(!hidden));
  });

  let shown = null;
  on("time", (seconds) => {
    for (const row of rows) row.button.setAttribute("aria-current", String(during(row, seconds)));
    const latest = rows.filter((row) => row.start <= seconds + track.interval / 2).pop() ?? rows[0];
    if (latest !== shown) show(latest);
    shown = latest;
  });
  function show({ button }) {
    const { offsetTop, offsetHeight } = button.parentElement;
    if (offsetTop < list.scrollTop || offsetTop + offsetHeight > list.scrollTop + list.clientHeight) list.scrollTop = offsetTop - list.clientHeight / 3;
  }
})();
