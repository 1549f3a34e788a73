/* Holds over the picture, as the overlay video draws them: thin outlines, lit while something holds them. */
let pointedHold = null;
on("hold", (id) => { pointedHold = id; });

function drawHolds(pen, frame, place, line) {
  if (!wall.placed(frame)) return;
  const look = data.skeleton.holds;
  const style = data.skeleton.style;
  const at = (corner) => place(wall.inFrame(frame, corner));
  const touching = wall.touching(track.time[frame]);
  pen.lineJoin = "round";
  for (const hold of wall.holds.values()) {
    tracePolygon(pen, hold.outline.map(at));
    strokeTwice(pen, hold.ink, Math.max(1, line * look.outline), look.outline_opacity, style.halo);
  }
  for (const [id, limbs] of heldBy(touching)) {
    const hold = wall.holds.get(id);
    if (!hold) continue;
    tracePolygon(pen, hold.outline.map(at));
    limbs.forEach((limb, i) => {
      const colour = style[limbSide(limb)];
      pen.globalAlpha = look.fill_opacity / limbs.length;
      pen.fillStyle = colour;
      pen.fill();
      strokeTwice(pen, colour, line * look.held * (1 - i / limbs.length), 1, i ? null : style.halo);
    });
    labelHold(pen, id, hold.outline.map(at), line, style);
  }
  for (const one of touching) if (one.hold === "smear") {
    const [x, y] = at(one.place);
    pen.beginPath();
    pen.arc(x, y, line * look.smear, 0, Math.PI * 2);
    strokeTwice(pen, style[limbSide(one.limb)], line * look.held / 2, 1, style.halo);
  }
  if (wall.holds.has(pointedHold)) {
    tracePolygon(pen, wall.holds.get(pointedHold).outline.map(at));
    strokeTwice(pen, style.trunk, line * look.held, 1, style.halo);
  }
}
function heldBy(touching) {
  const held = new Map();
  for (const one of touching) held.set(one.hold, [...(held.get(one.hold) ?? []), one.limb]);
  return held;
}
function tracePolygon(pen, points) {
  pen.beginPath();
  points.forEach((point, i) => (i ? pen.lineTo(...point) : pen.moveTo(...point)));
  pen.closePath();
}
function strokeTwice(pen, colour, width, alpha, halo) {
  if (halo) {
    pen.globalAlpha = alpha * 0.6;
    pen.strokeStyle = halo;
    pen.lineWidth = width + Math.max(1, width * 0.7);
    pen.stroke();
  }
  pen.globalAlpha = alpha;
  pen.strokeStyle = colour;
  pen.lineWidth = width;
  pen.stroke();
  pen.globalAlpha = 1;
}
function labelHold(pen, text, points, line, style) {
  const size = Math.max(10, line * 3);
  const right = Math.max(...points.map(([x]) => x));
  const top = Math.min(...points.map(([, y]) => y));
  pen.font = `600 ${size}px ${colourOf("--font")}`;
  pen.lineWidth = size / 4;
  pen.strokeStyle = style.halo;
  pen.fillStyle = style.trunk;
  pen.strokeText(text, right, top);
  pen.fillText(text, right, top);
}
