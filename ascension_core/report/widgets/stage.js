/* What the widgets share: a clip that the kernel hands over, a canvas on top of it, and frames that are met exactly.
   The widget's own file follows this one in the same module, so that nothing has to be loaded from anywhere. */

const clamp = (value, low, high) => Math.min(Math.max(value, low), high);
const clock = (seconds) => `${Math.floor(seconds / 60)}:${(seconds % 60).toFixed(2).padStart(5, "0")}`;

function unpack(base64, Kind = Uint8Array) {
  const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  return new Kind(bytes.buffer);
}

function make(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

/* Times of frames in seconds, and how to meet each of them. */
function makeFrames(time) {
  const frames = time.length;
  const gaps = Array.from({ length: Math.max(frames - 1, 0) }, (_, i) => time[i + 1] - time[i]).sort((a, b) => a - b);
  const interval = gaps.length ? gaps[gaps.length >> 1] : 1 / 30;
  function floor(seconds) {
    let [low, high] = [0, frames - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (time[middle] <= seconds) low = middle; else high = middle - 1;
    }
    return low;
  }
  function nearest(seconds) {
    const before = floor(seconds);
    const after = Math.min(before + 1, frames - 1);
    return seconds - time[before] <= time[after] - seconds ? before : after;
  }
  /* A moment well inside a frame, so that a seek cannot land on its neighbour. */
  const inside = (frame) => time[frame] + 0.25 * ((frame + 1 < frames ? time[frame + 1] : time[frame] + interval) - time[frame]);
  return { time, count: frames, floor, nearest, inside };
}

/* The clip's bytes, which the kernel keeps until somebody looks: they are no part of a stored notebook. */
function clipOf(model, signal) {
  return new Promise((resolve) => {
    const answer = (message, buffers) => {
      if (message.clip) resolve(new Blob([buffers[0]], { type: "video/mp4" }));
    };
    model.on("msg:custom", answer);
    signal.addEventListener("abort", () => model.off("msg:custom", answer));
    model.send({ want: "clip" });
  });
}

/* Video, canvas, clock and slider in `root`. `paint(pen, frame, scale)` draws over each frame that is shown. */
function makeStage(model, root, frames, paint, signal) {
  const [width, height] = model.get("size");
  const video = make("video", { muted: true, playsInline: true });
  const canvas = make("canvas");
  const picture = make("div", { className: "ascension-picture" }, video, canvas);
  picture.style.aspectRatio = `${width} / ${height}`;
  const slider = make("input", { type: "range", min: 0, max: frames.count - 1, value: 0, ariaLabel: "frame" });
  const now = make("output", { className: "ascension-now" });
  root.append(picture, slider, now);

  let [frame, target, queued, shown] = [-1, 0, null, null];
  function draw() {
    const box = picture.getBoundingClientRect();
    const density = window.devicePixelRatio || 1;
    [canvas.width, canvas.height] = [Math.round(box.width * density), Math.round(box.height * density)];
    const pen = canvas.getContext("2d");
    const scale = canvas.width / width;
    if (frame >= 0) paint(pen, frame, scale, density);
    canvas.dataset.frame = frame;
  }
  function present(index) {
    if (index === frame) return;
    frame = index;
    if (!video.paused) target = index;
    draw();
    slider.value = frame;
    now.textContent = `${clock(frames.time[frame])}  frame ${frame}  ${video.playbackRate}×`;
    shown?.(frame);
  }
  function watch() {
    video.requestVideoFrameCallback((_now, seen) => {
      present(frames.nearest(seen.mediaTime));
      if (!signal.aborted) watch();
    });
  }
  function go(index) {
    target = clamp(index, 0, frames.count - 1);
    if (video.seeking || video.readyState < 1) queued = target;
    else video.currentTime = frames.inside(target);
  }
  /* While a seek runs, later ones wait; a paused video ends up where it was sent. */
  video.addEventListener("seeked", () => {
    const astray = video.paused && frames.floor(video.currentTime + 0.002) !== target;
    if (queued === null && !astray) return;
    const next = queued ?? target;
    queued = null;
    video.currentTime = frames.inside(next);
  });
  video.addEventListener("loadedmetadata", () => go(queued ?? 0));
  slider.addEventListener("input", () => { video.pause(); go(Number(slider.value)); });
  const resized = new ResizeObserver(draw);
  resized.observe(picture);

  let address = null;
  clipOf(model, signal).then((blob) => {
    address = URL.createObjectURL(blob);
    video.src = address;
    watch();
  });
  signal.addEventListener("abort", () => {
    resized.disconnect();
    video.removeAttribute("src");
    if (address) URL.revokeObjectURL(address);
  });

  const rates = [0.1, 0.25, 0.5, 1, 2];
  return {
    picture, canvas, width, height, go, redraw: draw,
    get frame() { return frame; },
    get target() { return target; },
    whenShown(call) { shown = call; },
    step(by) { video.pause(); go(target + by); },
    toggle() {
      if (!video.paused) return video.pause();
      if (target >= frames.count - 1) go(0);
      return video.play();
    },
    faster(by) {
      const at = rates.indexOf(video.playbackRate);
      video.playbackRate = rates[clamp(at + by, 0, rates.length - 1)];
      now.textContent = now.textContent.replace(/[\d.]+×$/, `${video.playbackRate}×`);
    },
  };
}

/* The keys that every widget has; `more(event)` says whether it has used one itself. */
function listen(root, stage, more) {
  root.tabIndex = 0;
  root.dataset.lmSuppressShortcuts = "true"; // JupyterLab keeps its own keys to itself while this has the focus
  root.addEventListener("pointerdown", (event) => { if (!event.target.closest("input, button")) root.focus({ preventScroll: true }); });
  root.addEventListener("keydown", (event) => {
    if (event.target.matches("input:not([type=range])")) return;
    const far = event.shiftKey ? 10 : 1;
    const actions = {
      " ": () => stage.toggle(),
      ArrowRight: () => stage.step(far), ".": () => stage.step(1), ArrowLeft: () => stage.step(-far), ",": () => stage.step(-1),
      Home: () => stage.step(-Infinity), End: () => stage.step(Infinity),
      "]": () => stage.faster(1), "[": () => stage.faster(-1),
    };
    if (!more(event)) {
      if (!actions[event.key]) return;
      actions[event.key]();
    }
    event.preventDefault();
    event.stopPropagation();
  });
}

/* A body as the overlay video draws it. `track` is what `packing.pack_track` made, `skeleton` what `pack_skeleton` did. */
function makeBody(track, skeleton) {
  const points = unpack(track.points, Int16Array);
  const visibility = unpack(track.visibility);
  const observed = unpack(track.observed);
  const torso = unpack(track.torso, Float32Array);
  const { bones, joints, middles, style } = skeleton;
  const [width, height] = track.size;
  const count = visibility.length / torso.length;

  function strength(seen, measured) {
    if (seen < style.hidden_below) return 0;
    const rise = clamp((seen - style.hidden_below) / Math.max(style.solid_from - style.hidden_below, 1e-9), 0, 1);
    return (style.faintest + (1 - style.faintest) * rise) * (measured ? 1 : style.estimated_opacity);
  }
  function mark(frame, k) {
    const i = frame * count + k;
    const known = points[2 * i] !== track.unknown;
    return {
      at: known ? [(points[2 * i] / track.steps) * width, (points[2 * i + 1] / track.steps) * height] : null,
      seen: visibility[i] / 255,
      measured: ((observed[frame * 5 + (k >> 3)] >> (7 - (k & 7))) & 1) === 1,
    };
  }
  /* Keypoints of a frame, followed by the two middles: head and neck. */
  function marksOf(frame) {
    const marks = Array.from({ length: count }, (_, k) => mark(frame, k));
    for (const [a, b] of middles.map((pair) => pair.map((k) => marks[k]))) {
      const at = a.at && b.at && [(a.at[0] + b.at[0]) / 2, (a.at[1] + b.at[1]) / 2];
      marks.push({ at, seen: (a.seen + b.seen) / 2, measured: a.measured && b.measured });
    }
    for (const one of marks) one.alpha = one.at ? strength(one.seen, one.measured) : 0;
    return marks;
  }
  const sideOf = (joint) => (joint >= count ? "trunk" : joint % 2 ? "left" : "right");

  function drawBones(pen, marks, line, scale) {
    const halo = Math.max(1, line * 0.35);
    for (const dark of [true, false]) for (const [start, end, side, wide] of bones) {
      const [a, b] = [marks[start], marks[end]];
      const alpha = Math.min(a.alpha, b.alpha);
      if (!alpha) continue;
      pen.globalAlpha = alpha * (dark ? 0.75 : 1);
      pen.strokeStyle = dark ? style.halo : style[side];
      pen.lineWidth = line * wide + (dark ? 2 * halo : 0);
      pen.setLineDash(a.measured && b.measured ? [] : [line * 1.6, line * 2.8]);
      pen.beginPath();
      pen.moveTo(a.at[0] * scale, a.at[1] * scale);
      pen.lineTo(b.at[0] * scale, b.at[1] * scale);
      pen.stroke();
    }
    pen.setLineDash([]);
  }
  function drawJoints(pen, marks, line, scale) {
    for (const joint of joints) {
      const { at, alpha } = marks[joint];
      if (!alpha) continue;
      pen.globalAlpha = alpha;
      pen.fillStyle = style[sideOf(joint)];
      pen.beginPath();
      pen.arc(at[0] * scale, at[1] * scale, line * (joint >= count ? 1.8 : 0.95), 0, Math.PI * 2);
      pen.fill();
    }
  }
  return function draw(pen, frame, scale) {
    const marks = marksOf(frame);
    const line = Math.max(1.5, (torso[frame] * scale) / 26);
    pen.lineCap = "round";
    drawBones(pen, marks, line, scale);
    drawJoints(pen, marks, line, scale);
    pen.globalAlpha = 1;
  };
}
