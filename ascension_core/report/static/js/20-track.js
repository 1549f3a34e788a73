/* Where the body was: the arrays that packing.py wrote. */
const data = JSON.parse(byId("data").textContent);

const track = (() => {
  const packed = data.track;
  const time = unpack(packed.time, Float64Array);
  const points = unpack(packed.points, Int16Array);
  const centres = unpack(packed.centre, Int16Array);
  const visibility = unpack(packed.visibility);
  const observedBits = unpack(packed.observed);
  const torso = unpack(packed.torso, Float32Array);
  const frames = time.length;
  const keypoints = frames ? visibility.length / frames : 33;
  const [width, height] = packed.size;
  const at = (array, k) => (array[2 * k] === packed.unknown ? null : [(array[2 * k] / packed.steps) * width, (array[2 * k + 1] / packed.steps) * height]);
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
  return {
    time, frames, keypoints, width, height, interval, torso,
    point: (frame, k) => at(points, frame * keypoints + k),
    centre: (frame) => at(centres, frame),
    visibility: (frame, k) => visibility[frame * keypoints + k] / 255,
    observed: (frame, k) => ((observedBits[frame * 5 + (k >> 3)] >> (7 - (k & 7))) & 1) === 1,
    /* The frame on screen from this moment on. */
    floor,
    /* The frame with this very timestamp, give or take rounding. */
    nearest(seconds) {
      const before = floor(seconds);
      const after = Math.min(before + 1, frames - 1);
      return seconds - time[before] <= time[after] - seconds ? before : after;
    },
    /* A moment well inside a frame, so that a seek cannot land on its neighbour. */
    inside: (frame) => time[frame] + 0.25 * ((frame + 1 < frames ? time[frame + 1] : time[frame] + interval) - time[frame]),
    /* 2 measured, 1 estimated, 0 not seen. */
    state(frame) {
      let known = 0;
      for (let k = 0; k < keypoints; k++) {
        if (points[2 * (frame * keypoints + k)] === packed.unknown) continue;
        if (this.observed(frame, k)) return 2;
        known = 1;
      }
      return known;
    },
  };
})();
