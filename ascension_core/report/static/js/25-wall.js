/* The wall: where its holds are in a frame, and who holds what. Null where no wall is known. */
const wall = data.wall && (() => {
  const packed = data.wall;
  const corners = unpack(packed.corners, Float32Array);
  const camera = packed.camera && unpack(packed.camera, Float32Array);
  const holds = new Map();
  let next = 0;
  for (const hold of packed.holds) {
    const outline = Array.from({ length: hold.count }, (_, i) => [corners[2 * (next + i)], corners[2 * (next + i) + 1]]);
    next += hold.count;
    holds.set(hold.id, { ...hold, outline });
  }
  /* From shares of the wall's frame to shares of the image. */
  function project(m, o, [x, y]) {
    const depth = m[o + 6] * x + m[o + 7] * y + m[o + 8];
    return [(m[o] * x + m[o + 1] * y + m[o + 2]) / depth, (m[o + 3] * x + m[o + 4] * y + m[o + 5]) / depth];
  }
  function invert(m, o) {
    const [a, b, c, d, e, f, g, h, i] = m.subarray(o, o + 9);
    const adjugate = [e * i - f * h, c * h - b * i, b * f - c * e, f * g - d * i, a * i - c * g, c * d - a * f, d * h - e * g, b * g - a * h, a * e - b * d];
    const determinant = a * adjugate[0] + b * adjugate[3] + c * adjugate[6];
    return adjugate.map((value) => value / determinant);
  }
  const placed = (frame) => !camera || Number.isFinite(camera[9 * frame]);
  return {
    holds, placed,
    contacts: packed.contacts,
    climb: packed.climb,
    /* Pixels of the track's frame, for a place on the wall. */
    inFrame(frame, place) {
      const [x, y] = camera ? project(camera, 9 * frame, place) : place;
      return [x * track.width, y * track.height];
    },
    /* And back: shares of the wall's frame. */
    onWall(frame, [x, y]) {
      const share = [x / track.width, y / track.height];
      return camera ? project(invert(camera, 9 * frame), 0, share) : share;
    },
    touching: (seconds) => packed.contacts.filter((one) => during(one, seconds)),
  };
})();
/* Whether a frame at this time lies within something; ends are rounded, and moments between frames belong to the nearer one. */
function during(one, seconds) {
  const middle = seconds + track.interval / 2;
  return one.start <= middle && middle < one.end;
}
const limbSide = (limb) => limb.split("_")[0];
const limbName = (limb) => limb.replace("_", " ").replace(/^./, (letter) => letter.toUpperCase());
const placeName = (hold) => ({ smear: "the wall", ground: "the ground" })[hold] ?? hold;
