/* The body over the picture, drawn as the overlay video draws it. */
const layers = { holds: true, skeleton: true, trail: true, centre: true, video: true };

const stage = (() => {
  const canvas = byId("overlay");
  const { bones, joints, middles, style } = data.skeleton;
  const full = Math.PI * 2;

  /* How the picture lies in its box: the whole of it, centred ("object-fit: contain"). */
  function placement(width, height) {
    const scale = Math.min(width / track.width, height / track.height);
    const [left, top] = [(width - track.width * scale) / 2, (height - track.height * scale) / 2];
    return { scale, place: ([x, y]) => [left + x * scale, top + y * scale] };
  }
  function strength(visibility, observed) {
    if (visibility < style.hidden_below) return 0;
    const rise = clamp((visibility - style.hidden_below) / Math.max(style.solid_from - style.hidden_below, 1e-9), 0, 1);
    return (style.faintest + (1 - style.faintest) * rise) * (observed ? 1 : style.estimated_opacity);
  }
  /* Keypoints of a frame, followed by the two middles: head and neck. */
  function body(frame, place) {
    const marks = Array.from({ length: track.keypoints }, (_, k) => {
      const [at, observed] = [track.point(frame, k), track.observed(frame, k)];
      const visibility = track.visibility(frame, k);
      return { at: at && place(at), observed, visibility };
    });
    for (const [a, b] of middles.map((pair) => pair.map((k) => marks[k]))) {
      const at = a.at && b.at && [(a.at[0] + b.at[0]) / 2, (a.at[1] + b.at[1]) / 2];
      marks.push({ at, observed: a.observed && b.observed, visibility: (a.visibility + b.visibility) / 2 });
    }
    for (const mark of marks) mark.alpha = mark.at ? strength(mark.visibility, mark.observed) : 0;
    return marks;
  }
  function disc(pen, [x, y], radius, colour) {
    pen.fillStyle = colour;
    pen.beginPath();
    pen.arc(x, y, radius, 0, full);
    pen.fill();
  }
  function drawSkeleton(pen, marks, line, halo) {
    pen.lineCap = "round";
    for (const dark of [true, false]) for (const [start, end, side, width] of bones) {
      const [a, b] = [marks[start], marks[end]];
      const alpha = Math.min(a.alpha, b.alpha);
      if (!alpha) continue;
      pen.globalAlpha = alpha * (dark ? 0.75 : 1);
      pen.strokeStyle = dark ? style.halo : style[side];
      pen.lineWidth = line * width + (dark ? 2 * halo : 0);
      pen.setLineDash(a.observed && b.observed ? [] : [line * 1.6, line * 2.8]);
      pen.beginPath();
      pen.moveTo(...a.at);
      pen.lineTo(...b.at);
      pen.stroke();
    }
    pen.setLineDash([]);
    for (const joint of joints) {
      const mark = marks[joint];
      if (!mark.alpha) continue;
      const side = sideOf(joint);
      const radius = line * (joint >= track.keypoints ? 1.8 : 0.95);
      pen.globalAlpha = mark.alpha;
      disc(pen, mark.at, radius + halo, style.halo);
      disc(pen, mark.at, radius, style[side]);
      disc(pen, mark.at, radius * 0.45, side === "trunk" ? style.halo : style.trunk);
    }
    pen.globalAlpha = 1;
  }
  const sideOf = (joint) => (joint >= track.keypoints ? "trunk" : joint % 2 ? "left" : "right");

  function drawTrail(pen, frame, place, line, halo) {
    const from = track.floor(track.time[frame] - data.trail);
    pen.lineCap = "round";
    for (const dark of [true, false]) for (let i = from; i < frame; i++) {
      const [a, b] = [track.centre(i), track.centre(i + 1)];
      if (!a || !b) continue;
      pen.strokeStyle = dark ? style.halo : style.centre;
      pen.lineWidth = line * (0.35 + (0.45 * (i + 1 - from)) / (frame - from)) + (dark ? halo : 0);
      pen.beginPath();
      pen.moveTo(...place(a));
      pen.lineTo(...place(b));
      pen.stroke();
    }
  }
  function drawCentre(pen, at, line, halo) {
    const radius = line * 1.7;
    disc(pen, at, radius + halo, style.halo);
    disc(pen, at, radius, style.centre);
    pen.fillStyle = style.halo;
    for (const turn of [0, Math.PI]) {
      pen.beginPath();
      pen.moveTo(...at);
      pen.arc(...at, radius * 0.72, turn, turn + Math.PI / 2);
      pen.fill();
    }
  }
  function draw() {
    const { pen, width, height } = fitCanvas(canvas);
    const frame = player.frame;
    if (frame < 0) return;
    const { scale, place } = placement(width, height);
    const line = Math.max(1.5, (track.torso[frame] * scale) / 26);
    const halo = Math.max(1, line * 0.35);
    if (wall && layers.holds) drawHolds(pen, frame, place, line);
    if (layers.trail) drawTrail(pen, frame, place, line, halo);
    if (layers.skeleton) drawSkeleton(pen, body(frame, place), line, halo);
    const centre = track.centre(frame);
    if (layers.centre && centre) drawCentre(pen, place(centre), line, halo);
    canvas.dataset.frame = frame;
  }
  on("frame", draw);
  on("hold", draw);
  on("layers", () => {
    byId("video").parentElement.classList.toggle("bare", !layers.video);
    draw();
  });
  onResize(canvas, draw);
  return { draw, placement };
})();
