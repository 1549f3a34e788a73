/* The reader's own date marks today; nothing else here depends on when the page is read. Without this script the page is whole. */
const pad = (n) => String(n).padStart(2, "0");
const now = new Date();
const today = `${now.getFullYear()}-${pad(now.getMonth() + 1)}-${pad(now.getDate())}`;
const all = (selector) => [...document.querySelectorAll(selector)];

function markToday() {
  for (const cell of all("td[data-date]")) {
    cell.classList.toggle("is-past", cell.dataset.date < today);
    cell.classList.toggle("is-today", cell.dataset.date === today);
    if (cell.dataset.date === today) cell.setAttribute("aria-current", "date");
  }
  for (const session of all(".session")) {
    session.classList.toggle("is-today", session.dataset.date === today);
    if (session.dataset.date === today) session.querySelector(".tags").prepend(tag("today"));
  }
  for (const week of all("[data-first]")) {
    const isNow = week.dataset.first <= today && today <= week.dataset.last;
    week.classList.toggle(week.matches(".week") ? "is-now" : "is-today", isNow);
    if (week.matches(".week")) {
      if (isNow) week.querySelector("summary .when").after(" ", tag("this week"));
      if (today >= all(".week")[0].dataset.first && today <= all(".week").at(-1).dataset.last) week.open = isNow;
    }
  }
}

function tag(text) {
  const element = document.createElement("span");
  element.className = "tag now";
  element.textContent = text;
  return element;
}

function sayWhatIsNext() {
  const box = document.getElementById("today");
  const sessions = all(".session");
  const next = sessions.find((session) => session.dataset.date >= today && session.dataset.status === "planned");
  const over = today > box.dataset.end;
  document.getElementById("today-when").textContent =
    over ? "This program has ended" : !next ? "No further session is planned" : next.dataset.date === today ? "Today" : `Next, ${next.dataset.day}`;
  const link = document.getElementById("today-link");
  link.hidden = over || !next;
  if (!link.hidden) {
    link.href = `#${next.id}`;
    link.textContent = next.dataset.title;
  }
  box.hidden = false;
}

/* A link to a session or a week opens it and everything around it. */
function reveal(id) {
  const target = id && document.getElementById(id);
  if (!target) return;
  for (let e = target; e; e = e.parentElement) if (e.matches("details")) e.open = true;
  target.scrollIntoView();
  target.querySelector("summary")?.focus({ preventScroll: true });
}

markToday();
sayWhatIsNext();
reveal(location.hash.slice(1));
addEventListener("hashchange", () => reveal(location.hash.slice(1)));
addEventListener("click", (event) => {
  const link = event.target.closest("a[href^='#']");
  if (link && link.getAttribute("href") === location.hash) reveal(location.hash.slice(1));
});

const print = document.getElementById("print");
print.hidden = false;
print.addEventListener("click", () => window.print());
let closed = [];
addEventListener("beforeprint", () => {
  closed = all("details:not([open])");
  closed.forEach((details) => { details.open = true; });
});
addEventListener("afterprint", () => closed.forEach((details) => { details.open = false; }));
