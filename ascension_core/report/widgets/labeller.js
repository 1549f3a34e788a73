/* Who holds what, and when: contacts marked by keyboard over a clip, in the form of the truth files. */

const LIMBS = ["left_hand", "right_hand", "left_foot", "right_foot"];
const NO_HOLD = { g: "ground", w: "smear" };

function render({ model, el }) {
  const ended = new AbortController();
  const root = make("div", { className: "ascension-clip ascension-labeller" });
  el.append(root);
  const frames = makeFrames(new Float64Array(model.get("times")));
  const colours = model.get("colours");
  let truth = structuredClone(model.get("document"));
  let chosen = null; // the contact that a click places and a name belongs to
  const past = [];

  const stage = makeStage(model, root, frames, paint, ended.signal);
  const lanes = make("canvas", { className: "ascension-lanes" });
  const list = make("table", { className: "ascension-list" });
  const said = make("output", { className: "ascension-said" });
  const save = make("button", { type: "button", textContent: "save" });
  const help = "1 2 left and right hand, 3 4 left and right foot: press where it takes hold, again in the first frame where it has "
    + "let go; shift with them: hidden. Click: its place. g ground, w bare wall, Delete removes, u undoes, c climb begins and ends, "
    + "s saves. Space plays, ← → step, shift ten, [ ] speed";
  root.append(lanes, make("div", { className: "ascension-bar" }, save, said), list, make("div", { className: "ascension-caption", textContent: help }));

  const seconds = (frame) => Math.round((frame / truth.fps) * 1e4) / 1e4;
  const last = () => truth.labelled_frames[1];
  const ongoing = (items, limb) => items.find((one) => one.limb === limb && one.end_s === null);

  /* Every change goes through here: it can be undone, and Python knows it. */
  function change(edit) {
    past.push(JSON.stringify([truth, truth.contacts.indexOf(chosen)]));
    edit();
    tell();
  }
  function tell() {
    model.set("document", structuredClone(truth));
    model.save_changes();
    show();
  }
  function undo() {
    if (!past.length) return;
    const [before, at] = JSON.parse(past.pop());
    [truth, chosen] = [before, before.contacts[at] ?? null];
    tell();
  }
  function nextName() {
    const used = truth.contacts.map((one) => Number(/^h(\d+)$/.exec(one.hold)?.[1] ?? 0));
    return `h${Math.max(0, ...used) + 1}`;
  }
  function toggle(limb) {
    const [open, at] = [ongoing(truth.contacts, limb), seconds(stage.frame)];
    change(() => {
      if (open) [open.end_s, chosen] = [Math.max(at, open.start_s), open];
      else {
        chosen = { limb, hold: nextName(), start_s: at, end_s: null, xy_start: null, start_open: stage.frame === 0, end_open: false };
        truth.contacts.push(chosen);
      }
    });
  }
  function hide(limb) {
    const [open, at] = [ongoing(truth.hidden, limb), seconds(stage.frame)];
    change(() => {
      if (open) open.end_s = Math.max(at, open.start_s);
      else truth.hidden.push({ limb, start_s: at, end_s: null });
    });
  }
  function climb() {
    const at = seconds(stage.frame);
    change(() => {
      const begun = truth.climb !== null && truth.climb[1] === seconds(last() + 1) && at > truth.climb[0];
      truth.climb = begun ? [truth.climb[0], at] : [at, seconds(last() + 1)];
    });
  }
  const remove = (one) => change(() => {
    truth.contacts = truth.contacts.filter((other) => other !== one);
    chosen = null;
  });

  stage.canvas.addEventListener("pointerdown", (event) => {
    if (!chosen) return;
    const share = [event.offsetX / stage.canvas.clientWidth, event.offsetY / stage.canvas.clientHeight];
    change(() => { chosen.xy_start = [Math.round(share[0] * stage.width), Math.round(share[1] * stage.height)]; });
  });

  const lasts = (one, frame) => frame / truth.fps >= one.start_s - 1e-4 && (one.end_s === null || frame / truth.fps < one.end_s - 1e-4);
  function paint(pen, frame, scale, density) {
    for (const one of truth.contacts) {
      if (!one.xy_start || !(lasts(one, frame) || one === chosen)) continue;
      const [x, y] = one.xy_start.map((value) => value * scale);
      pen.globalAlpha = lasts(one, frame) ? 1 : 0.4;
      for (const [colour, wide] of [[colours.halo, 5], [colours[one.limb], 2.5]]) {
        pen.strokeStyle = colour;
        pen.lineWidth = wide * density;
        pen.beginPath();
        pen.arc(x, y, (one === chosen ? 11 : 8) * density, 0, Math.PI * 2);
        pen.stroke();
      }
      pen.font = `${12 * density}px sans-serif`;
      pen.lineWidth = 3 * density;
      pen.strokeStyle = colours.halo;
      pen.strokeText(one.hold, x + 12 * density, y - 8 * density);
      pen.fillStyle = colours[one.limb];
      pen.fillText(one.hold, x + 12 * density, y - 8 * density);
    }
    pen.globalAlpha = 1;
  }
  function drawLanes() {
    const density = window.devicePixelRatio || 1;
    [lanes.width, lanes.height] = [Math.round(lanes.clientWidth * density), Math.round(lanes.clientHeight * density)];
    const pen = lanes.getContext("2d");
    const row = lanes.height / LIMBS.length;
    const x = (at) => (at * truth.fps * lanes.width) / frames.count;
    const bar = (one, share, colour) => {
      const end = one.end_s ?? seconds(Math.max(stage.frame, 0) + 1);
      pen.fillStyle = colour;
      pen.fillRect(x(one.start_s), row * (LIMBS.indexOf(one.limb) + (1 - share) / 2), Math.max(x(end) - x(one.start_s), density), row * share);
    };
    for (const one of truth.hidden) bar(one, 1, colours.hidden);
    for (const one of truth.contacts) bar(one, one === chosen ? 0.9 : 0.6, colours[one.limb]);
    pen.fillStyle = colours.cursor;
    pen.fillRect(x(seconds(stage.frame)), 0, 1.5 * density, lanes.height);
  }
  function line(one) {
    const hold = make("input", { value: one.hold, ariaLabel: "hold", size: 7 });
    hold.addEventListener("change", () => change(() => { one.hold = hold.value.trim(); }));
    const box = (key) => {
      const made = make("input", { type: "checkbox", checked: one[key], ariaLabel: key });
      made.addEventListener("change", () => change(() => { one[key] = made.checked; }));
      return made;
    };
    const place = one.xy_start ? one.xy_start.join(", ") : "click its place";
    const cells = [one.limb.replace("_", " "), hold, one.start_s.toFixed(2), box("start_open"), one.end_s?.toFixed(2) ?? "…", box("end_open"), place];
    const made = make("tr", { className: one === chosen ? "chosen" : "" }, ...cells.map((cell) => make("td", {}, cell)));
    made.classList.toggle("wanting", !one.xy_start);
    made.addEventListener("click", (event) => {
      if (event.target.matches("input")) return;
      chosen = one;
      stage.step(Math.round(one.start_s * truth.fps) - stage.target);
      show();
    });
    return made;
  }
  function show() {
    const heads = ["limb", "hold", "from (s)", "open", "to (s)", "open", "place (px)"];
    const rows = [...truth.contacts].sort((a, b) => a.start_s - b.start_s).map(line);
    list.replaceChildren(make("tr", {}, ...heads.map((text) => make("th", { textContent: text }))), ...rows);
    drawLanes();
    stage.redraw();
  }
  function ask() {
    said.textContent = "…";
    model.send({ want: "save", document: truth });
  }
  save.addEventListener("click", ask);
  const answer = (message) => { if (message.said !== undefined) said.textContent = message.said; };
  model.on("msg:custom", answer);
  stage.whenShown(drawLanes);

  listen(root, stage, (event) => {
    const limb = LIMBS[Number(/^Digit([1-4])$/.exec(event.code)?.[1]) - 1];
    const plain = !event.ctrlKey && !event.metaKey && !event.altKey;
    if (event.key === "z" && !plain) undo();
    else if (!plain) return false;
    else if (stage.frame < 0) return true; // nothing is shown yet
    else if (limb && event.shiftKey) hide(limb);
    else if (limb) toggle(limb);
    else if (NO_HOLD[event.key] && chosen) change(() => { chosen.hold = NO_HOLD[event.key]; });
    else if (event.key === "Delete" && chosen) remove(chosen);
    else if (event.key === "u") undo();
    else if (event.key === "c") climb();
    else if (event.key === "s") ask();
    else return false;
    return true;
  });
  show();
  return () => {
    model.off("msg:custom", answer);
    ended.abort();
  };
}

export default { render };
