/* Four lanes that share the video's time: what each hand and foot held. */
if (wall && byId("lanes")) (() => {
  const root = byId("lanes");
  const lanes = all(".lane", root);
  const readout = byId("held");
  const share = (seconds) => `${(clamp(seconds, 0, player.duration) / player.duration) * 100}%`;
  const secondsAt = (event) => {
    const box = lanes[0].getBoundingClientRect();
    return clamp((event.clientX - box.left) / box.width, 0, 1) * player.duration;
  };

  function block(lane, kind, start, end, tag = "div") {
    const element = document.createElement(tag);
    element.className = kind;
    element.style.left = share(start);
    element.style.width = share(end - start);
    lane.append(element);
    return element;
  }
  function shade(lane) {
    if (!wall.climb) return;
    const { start, end, spans } = wall.climb;
    block(lane, "outside", 0, start);
    block(lane, "outside", end, player.duration);
    for (const one of spans) {
      const here = one.limb ? one.limb === lane.dataset.limb : one.kind !== "cut_loose" || lane.dataset.limb.endsWith("foot");
      if (here) block(lane, one.kind, one.start, one.end);
    }
  }
  const says = (one) => `${limbName(one.limb)} on ${placeName(one.hold)}, ${clock(one.start)} to ${clock(one.end)}`;
  function fill(lane) {
    shade(lane);
    lane.blocks = wall.contacts.filter((one) => one.limb === lane.dataset.limb).map((one) => {
      const kind = wall.holds.has(one.hold) ? "hold" : one.hold;
      const element = block(lane, `contact ${kind}`, one.start, one.end, "button");
      element.type = "button";
      element.tabIndex = -1;
      element.contact = one;
      element.setAttribute("aria-label", says(one));
      element.textContent = kind === "hold" ? one.hold : "";
      return element;
    });
    lane.playhead = block(lane, "lane-playhead", 0, 0);
  }
  lanes.forEach(fill);
  const everything = lanes.flatMap((lane) => lane.blocks);
  if (everything.length) everything[0].tabIndex = 0;

  function point(element) {
    readout.textContent = element ? says(element.contact) : "";
    emit("hold", element ? element.contact.hold : null);
  }
  function focus(element) {
    if (!element) return;
    for (const other of everything) other.tabIndex = -1;
    element.tabIndex = 0;
    element.focus({ preventScroll: true });
  }
  const middle = (element) => (element.contact.start + element.contact.end) / 2;
  const nearest = (blocks, seconds) => blocks.reduce((best, one) => (best && Math.abs(middle(best) - seconds) <= Math.abs(middle(one) - seconds) ? best : one), null);
  function neighbour(element, key) {
    const row = lanes.findIndex((lane) => lane.blocks.includes(element));
    const place = lanes[row].blocks.indexOf(element);
    if (key === "ArrowLeft") return lanes[row].blocks[place - 1];
    if (key === "ArrowRight") return lanes[row].blocks[place + 1];
    const others = key === "ArrowUp" ? lanes.slice(0, row).reverse() : lanes.slice(row + 1);
    return nearest(others.find((lane) => lane.blocks.length)?.blocks ?? [], middle(element));
  }
  root.addEventListener("keydown", (event) => {
    if (!event.target.contact || !event.key.startsWith("Arrow")) return;
    event.preventDefault();
    event.stopPropagation();
    focus(neighbour(event.target, event.key));
  });
  root.addEventListener("focusin", (event) => { if (event.target.contact) point(event.target); });
  root.addEventListener("focusout", () => point(null));
  root.addEventListener("click", (event) => { if (event.target.contact && !event.detail) player.seek(event.target.contact.start); });
  root.addEventListener("pointermove", (event) => {
    const under = document.elementFromPoint(event.clientX, event.clientY);
    point(under?.contact && root.contains(under) ? under : null);
  });
  root.addEventListener("pointerleave", () => point(null));
  for (const lane of lanes) scrub(lane, secondsAt);

  function showTime(seconds) {
    for (const lane of lanes) lane.playhead.style.left = share(seconds);
    const touching = wall.touching(seconds);
    for (const label of all(".now-held", root)) {
      const one = touching.find((contact) => contact.limb === label.dataset.limb);
      label.textContent = one ? placeName(one.hold).replace("the ", "") : "–";
    }
    for (const element of everything) element.classList.toggle("now", during(element.contact, seconds));
  }
  function showTicks() {
    const ticks = root.querySelector(".lane-times");
    ticks.replaceChildren(...timeTicks(lanes[0].clientWidth).map((seconds) => {
      const tick = document.createElement("span");
      tick.style.left = share(seconds);
      tick.textContent = clock(seconds).slice(0, -3);
      return tick;
    }));
  }
  on("time", showTime);
  onResize(root, showTicks);
})();
