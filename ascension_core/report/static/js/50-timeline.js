/* The strip of time: where the climber was seen, where we are, and the loop. */
const timeline = (() => {
  const strip = byId("timeline");
  const canvas = byId("strip");
  const states = Array.from({ length: track.frames }, (_, i) => track.state(i));
  const secondsAt = (event) => {
    const box = strip.getBoundingClientRect();
    return clamp((event.clientX - box.left) / box.width, 0, 1) * player.duration;
  };

  function drawStrip() {
    const { pen, width, height } = fitCanvas(canvas);
    pen.fillStyle = colourOf("--wash");
    pen.fillRect(0, 0, width, height);
    const colour = colourOf("--accent");
    const x = (i) => ((i < track.frames ? track.time[i] : player.duration) / player.duration) * width;
    for (let i = 0; i < track.frames; ) {
      let end = i + 1;
      while (end < track.frames && states[end] === states[i]) end++;
      if (states[i] === 2) {
        pen.fillStyle = colour;
        pen.fillRect(x(i), 0, x(end) - x(i), height);
      } else if (states[i] === 1) hatch(pen, x(i), x(end), height, colour);
      i = end;
    }
  }
  function hatch(pen, from, to, height, colour) {
    pen.save();
    pen.beginPath();
    pen.rect(from, 0, to - from, height);
    pen.clip();
    pen.strokeStyle = colour;
    pen.lineWidth = 2;
    for (let x = from - height; x < to; x += 5) {
      pen.beginPath();
      pen.moveTo(x, height);
      pen.lineTo(x + height / 2, 0);
      pen.stroke();
    }
    pen.restore();
  }
  function showTime(seconds) {
    byId("playhead").style.transform = `translateX(${(seconds / player.duration) * strip.clientWidth}px)`;
    byId("now").textContent = clock(seconds);
    strip.setAttribute("aria-valuenow", seconds.toFixed(2));
    strip.setAttribute("aria-valuetext", `${clock(seconds)} of ${clock(player.duration)}`);
  }
  function showLoop(loop) {
    const range = byId("loop-range");
    range.hidden = !loop;
    if (!loop) return;
    range.style.left = `${(loop[0] / player.duration) * 100}%`;
    range.style.width = `${((loop[1] - loop[0]) / player.duration) * 100}%`;
  }
  scrub(strip, secondsAt, (from, to) => player.setLoop(from, to));
  on("time", showTime);
  on("loop", showLoop);
  onResize(strip, () => {
    drawStrip();
    showTime(player.seconds);
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawStrip);
  return { secondsAt };
})();

/* Press or drag to go there; with shift held, `select` gets where the drag began and where it is. */
function scrub(element, secondsAt, select = null) {
  let began = null;
  element.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    element.setPointerCapture(event.pointerId);
    began = { seconds: secondsAt(event), selecting: Boolean(select && event.shiftKey), resume: player.playing };
    if (began.selecting) return;
    player.video.pause();
    player.seek(began.seconds);
  });
  element.addEventListener("pointermove", (event) => {
    if (!began) return;
    if (began.selecting) select(began.seconds, secondsAt(event));
    else player.seek(secondsAt(event));
  });
  const end = () => {
    if (began?.resume && !began.selecting) player.play();
    began = null;
  };
  element.addEventListener("pointerup", end);
  element.addEventListener("pointercancel", end);
}
