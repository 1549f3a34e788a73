/* Buttons and keys. */
const rates = [0.25, 0.5, 1, 2];
let loopStart = null;

function setRate(rate) {
  player.setRate(rate);
  for (const button of all(".segment")) button.setAttribute("aria-pressed", String(Number(button.dataset.rate) === rate));
}
function shiftRate(by) {
  const now = rates.indexOf(player.video.playbackRate);
  setRate(rates[clamp((now < 0 ? rates.indexOf(1) : now) + by, 0, rates.length - 1)]);
}
function toggleLayer(name) {
  const button = document.querySelector(`[data-layer="${name}"]`);
  if (!button) return;
  layers[name] = !layers[name];
  button.setAttribute("aria-pressed", String(layers[name]));
  emit("layers");
}
function beginLoop() {
  loopStart = player.seconds;
  showLoopButton();
}
function endLoop() {
  player.setLoop(loopStart ?? 0, player.seconds);
  loopStart = null;
  showLoopButton();
}
function clearLoop() {
  loopStart = null;
  player.setLoop(null, null);
  showLoopButton();
}
function cycleLoop() {
  if (player.loop) clearLoop();
  else if (loopStart === null) beginLoop();
  else endLoop();
}
function showLoopButton() {
  const button = byId("loop");
  button.setAttribute("aria-pressed", String(Boolean(player.loop)));
  button.toggleAttribute("data-armed", loopStart !== null && !player.loop);
  const action = player.loop ? "Stop looping" : loopStart === null ? "Start a loop here" : "End the loop here";
  button.setAttribute("aria-label", action);
  button.title = `${action}  [ and ]`;
}
function toggleFull() {
  if (document.fullscreenElement) document.exitFullscreen();
  else byId("screen").requestFullscreen?.();
}
function toggleHelp() {
  const help = byId("help");
  if (help.open) help.close(); else help.showModal();
}

const actions = {
  " ": player.toggle, k: player.toggle,
  ",": () => player.step(-1), ".": () => player.step(1),
  ArrowLeft: (event) => player.seek(player.seconds - (event.shiftKey ? 5 : 1)),
  ArrowRight: (event) => player.seek(player.seconds + (event.shiftKey ? 5 : 1)),
  Home: () => player.seek(0), End: () => player.seek(player.duration),
  "<": () => shiftRate(-1), ">": () => shiftRate(1),
  "[": beginLoop, "]": endLoop, l: cycleLoop,
  h: () => toggleLayer("holds"), s: () => toggleLayer("skeleton"), t: () => toggleLayer("trail"), c: () => toggleLayer("centre"), v: () => toggleLayer("video"),
  f: toggleFull, "?": toggleHelp,
};
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const target = event.target;
  if (target.matches("input, select, textarea")) return;
  if (event.key === " " && target.matches("button, summary")) return;
  if (byId("help").open && event.key !== "?") return;
  const action = actions[event.key.length === 1 ? event.key.toLowerCase() : event.key];
  if (!action) return;
  event.preventDefault();
  action(event);
});

byId("play").addEventListener("click", player.toggle);
byId("big-play").addEventListener("click", player.toggle);
byId("back").addEventListener("click", () => player.step(-1));
byId("forward").addEventListener("click", () => player.step(1));
byId("loop").addEventListener("click", cycleLoop);
byId("full").addEventListener("click", toggleFull);
byId("help-open").addEventListener("click", toggleHelp);
byId("help").addEventListener("click", (event) => { if (event.target === byId("help")) toggleHelp(); });
player.video.addEventListener("click", player.toggle);
for (const button of all(".segment")) button.addEventListener("click", () => setRate(Number(button.dataset.rate)));
for (const button of all("[data-layer]")) button.addEventListener("click", () => toggleLayer(button.dataset.layer));

on("loop", showLoopButton);
on("state", () => {
  document.body.classList.toggle("playing", player.playing);
  for (const id of ["play", "big-play"]) byId(id).setAttribute("aria-label", player.playing ? "Pause" : "Play");
});
