/* Plots that share the video's time. */
const charts = all(".chart").map((figure) => chart(figure, data.panels[Number(figure.dataset.panel)]));

function chart(figure, panel) {
  const plot = figure.querySelector(".plot");
  const outputs = all(".number", figure);
  const series = panel.series.map((one) => ({ ...one, values: unpack(one.values, Float32Array), kind: one.side ?? "whole" }));
  const range = niceRange(series.flatMap((one) => extremes(one.values)), panel.unit === "°" ? degreeSteps : tenSteps);
  const margin = { left: 34, right: 6, top: 8, bottom: 24 };
  let picture = null;
  let [width, height] = [0, 0];

  const x = (seconds) => margin.left + (seconds / player.duration) * (width - margin.left - margin.right);
  const y = (value) => height - margin.bottom - ((value - range.low) / (range.high - range.low)) * (height - margin.top - margin.bottom);
  const secondsAt = (event) => {
    const left = event.clientX - plot.getBoundingClientRect().left - margin.left;
    return clamp(left / (width - margin.left - margin.right), 0, 1) * player.duration;
  };

  function build() {
    [width, height] = [plot.clientWidth, plot.clientHeight];
    if (!width) return;
    plot.replaceChildren();
    const root = svg("svg", { role: "img", "aria-label": describe(panel, series) }, plot);
    for (const tick of range.ticks) {
      svg("line", { class: "grid", x1: margin.left, x2: width - margin.right, y1: y(tick), y2: y(tick) }, root);
      svg("text", { x: margin.left - 8, y: y(tick) + 4, "text-anchor": "end" }, root).textContent = range.write(tick);
    }
    for (const seconds of timeTicks(width - margin.left - margin.right)) {
      svg("text", { x: x(seconds), y: height - 6, "text-anchor": seconds ? "middle" : "start" }, root).textContent = clock(seconds).slice(0, -3);
    }
    const loop = svg("rect", { class: "loop", y: 0, height: height - margin.bottom, width: 0 }, root);
    for (const one of series) svg("path", { class: `curve ${one.kind}`, d: pathOf(one.values, x, y, width) }, root);
    const cursor = svg("line", { class: "cursor", y1: 0, y2: height - margin.bottom + 4 }, root);
    const dots = series.map((one) => svg("circle", { class: `dot ${one.kind}`, r: 4.5 }, root));
    picture = { loop, cursor, dots };
    showTime(player.seconds);
    showLoop(player.loop);
  }
  function showTime(seconds) {
    const frame = track.nearest(seconds);
    series.forEach((one, i) => {
      const value = one.values[frame];
      outputs[i].textContent = Number.isFinite(value) ? range.write(value, true) : "–";
      if (!picture) return;
      picture.dots[i].setAttribute("visibility", Number.isFinite(value) ? "visible" : "hidden");
      if (Number.isFinite(value)) picture.dots[i].setAttribute("transform", `translate(${x(seconds)} ${y(value)})`);
    });
    picture?.cursor.setAttribute("transform", `translate(${x(seconds)} 0)`);
  }
  function showLoop(loop) {
    picture?.loop.setAttribute("x", loop ? x(loop[0]) : 0);
    picture?.loop.setAttribute("width", loop ? x(loop[1]) - x(loop[0]) : 0);
  }
  on("time", showTime);
  on("loop", showLoop);
  onResize(plot, build);
  scrub(plot, secondsAt);
  return { figure, build };
}

function extremes(values) {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) if (Number.isFinite(value)) [low, high] = [Math.min(low, value), Math.max(high, value)];
  return low <= high ? [low, high] : [];
}

function tenSteps(rough) {
  const power = 10 ** Math.floor(Math.log10(rough));
  return [1, 2, 2.5, 5, 10].map((m) => m * power).find((step) => step >= rough * 0.999);
}
function degreeSteps(rough) {
  return [1, 2, 5, 10, 15, 30, 45, 60, 90, 180].find((step) => step >= rough * 0.999) ?? 360;
}

/* Whole seconds for the time axis, at least 80 px apart. */
function timeTicks(width) {
  const step = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600].find((s) => (s / player.duration) * width >= 80) ?? 1800;
  return Array.from({ length: Math.floor(player.duration / step) + 1 }, (_, i) => i * step).filter((s) => s <= player.duration - step / 4);
}

/* A range that begins and ends on round numbers, with two to four ticks. */
function niceRange(values, stepFor) {
  let [low, high] = values.length ? [Math.min(...values), Math.max(...values)] : [0, 1];
  if (high - low < 1e-9) [low, high] = [low - 0.5, high + 0.5];
  const step = stepFor((high - low) / 3);
  [low, high] = [Math.floor(low / step + 1e-9) * step, Math.ceil(high / step - 1e-9) * step];
  const ticks = [];
  for (let i = 0; low + i * step <= high + step / 1e6; i++) ticks.push(low + i * step);
  const digits = [0, 1, 2, 3].find((n) => Math.abs(step * 10 ** n - Math.round(step * 10 ** n)) < 1e-6) ?? 4;
  const write = (value, live = false) => (Math.abs(value) < 1e-9 ? 0 : value).toFixed(clamp(live && step < 5 ? Math.max(digits, 1) : digits, 0, 4)).replace("-", "\u2212");
  return { low, high, ticks, write };
}

/* One line per stretch of known values. Where frames outnumber pixels each column keeps its lowest and highest. */
function pathOf(values, x, y, width) {
  const bucket = Math.max(1, Math.floor(values.length / (2 * width)));
  let path = "";
  let drawing = false;
  for (let i = 0; i < values.length; i += bucket) {
    const members = [];
    for (let k = i; k < Math.min(i + bucket, values.length); k++) if (Number.isFinite(values[k])) members.push(k);
    if (!members.length) {
      drawing = false;
      continue;
    }
    const lowest = members.reduce((a, b) => (values[b] < values[a] ? b : a));
    const highest = members.reduce((a, b) => (values[b] > values[a] ? b : a));
    for (const k of [...new Set([lowest, highest])].sort((a, b) => a - b)) {
      path += `${drawing ? "L" : "M"}${x(track.time[k]).toFixed(1)} ${y(values[k]).toFixed(1)}`;
      drawing = true;
    }
  }
  return path;
}

function describe(panel, series) {
  const parts = series.map((one) => {
    const [low, high] = extremes(one.values);
    return `${one.side ?? ""} from ${low?.toFixed(1)} to ${high?.toFixed(1)} ${panel.unit}`.trim();
  });
  return `${panel.label} over time: ${parts.join(", ")}`;
}
