/* A clip with the skeletons of one or several tracks, and a curve below it. */

function makeCurve(model, root, frames, stage) {
  const curve = model.get("curve");
  if (!curve.values) return () => {};
  const values = unpack(curve.values, Float32Array);
  const known = values.filter(Number.isFinite);
  const top = known.reduce((a, b) => Math.max(a, b), 1e-9);
  const canvas = make("canvas", { className: "ascension-curve", title: curve.label });
  root.append(make("div", { className: "ascension-caption", textContent: `${curve.label}, up to ${top.toFixed(2)} ${curve.unit}` }), canvas);
  canvas.addEventListener("pointerdown", (event) => {
    const share = event.offsetX / canvas.clientWidth;
    stage.step(Math.round(share * (frames.count - 1)) - stage.target);
  });
  return function draw(frame) {
    const density = window.devicePixelRatio || 1;
    [canvas.width, canvas.height] = [Math.round(canvas.clientWidth * density), Math.round(canvas.clientHeight * density)];
    const pen = canvas.getContext("2d");
    const x = (k) => (k / Math.max(frames.count - 1, 1)) * canvas.width;
    pen.strokeStyle = curve.colour;
    pen.lineWidth = 1.5 * density;
    pen.beginPath();
    values.forEach((value, k) => {
      if (!Number.isFinite(value)) return;
      const y = canvas.height * (1 - 0.92 * (value / top)) - density;
      if (k && Number.isFinite(values[k - 1])) pen.lineTo(x(k), y); else pen.moveTo(x(k), y);
    });
    pen.stroke();
    pen.fillStyle = curve.colour;
    pen.fillRect(x(frame) - density, 0, 2 * density, canvas.height);
  };
}

function render({ model, el }) {
  const ended = new AbortController();
  const root = make("div", { className: "ascension-clip" });
  el.append(root);
  const tracks = model.get("tracks").map((one) => ({ ...one, draw: makeBody(one.track, one.skeleton), on: true }));
  const frames = makeFrames(new Float64Array(model.get("times")));
  const stage = makeStage(model, root, frames, paint, ended.signal);

  function paint(pen, frame, scale) {
    for (const one of tracks) if (one.on) one.draw(pen, frame, scale);
  }
  const legend = make("div", { className: "ascension-legend" });
  tracks.forEach((one, k) => {
    const button = make("button", { type: "button", textContent: `${k + 1}  ${one.label}`, ariaPressed: "true" });
    button.style.borderColor = one.skeleton.style.left;
    one.toggle = () => {
      one.on = !one.on;
      button.ariaPressed = String(one.on);
      stage.redraw();
    };
    button.addEventListener("click", one.toggle);
    legend.append(button);
  });
  const help = "space plays, ← → step, shift ten, [ ] speed, 1 2 show and hide";
  root.append(legend);
  const curve = makeCurve(model, root, frames, stage);
  root.append(make("div", { className: "ascension-caption", textContent: help }));
  stage.whenShown((frame) => {
    curve(frame);
    model.set("frame", frame);
    model.save_changes();
  });
  listen(root, stage, (event) => {
    const one = tracks[Number(event.key) - 1];
    one?.toggle();
    return Boolean(one);
  });
  const sent = () => { if (model.get("frame") !== stage.frame) stage.step(model.get("frame") - stage.target); };
  model.on("change:frame", sent);
  return () => {
    model.off("change:frame", sent);
    ended.abort();
  };
}

export default { render };
