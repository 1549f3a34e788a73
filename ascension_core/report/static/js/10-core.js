/* Small tools: finding elements, events, unpacking arrays, writing numbers. */
const byId = (id) => document.getElementById(id);
const all = (selector, within = document) => [...within.querySelectorAll(selector)];
const clamp = (value, low, high) => Math.min(high, Math.max(low, value));

function svg(name, attributes = {}, parent = null) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  if (parent) parent.append(element);
  return element;
}

/* Anyone may listen to what changes: "time" (where we are going), "frame" (what is on screen), "state", "loop", "layers",
   "hold" (the one that is pointed at, or null). */
const listeners = {};
const on = (event, listener) => (listeners[event] ??= []).push(listener);
const emit = (event, ...values) => (listeners[event] ?? []).forEach((listener) => listener(...values));

function unpack(text, Kind = Uint8Array) {
  const letters = atob(text.trim());
  const bytes = new Uint8Array(letters.length);
  for (let i = 0; i < letters.length; i++) bytes[i] = letters.charCodeAt(i);
  return Kind === Uint8Array ? bytes : new Kind(bytes.buffer);
}

function clock(seconds) {
  const hundredths = Math.max(0, Math.floor(seconds * 100 + 1e-6));
  const two = (n) => String(n).padStart(2, "0");
  return `${Math.floor(hundredths / 6000)}:${two(Math.floor(hundredths / 100) % 60)}.${two(hundredths % 100)}`;
}

function onResize(element, draw) {
  new ResizeObserver(draw).observe(element);
}

function fitCanvas(canvas) {
  const scale = window.devicePixelRatio || 1;
  const box = canvas.getBoundingClientRect();
  const [width, height] = [Math.round(box.width * scale), Math.round(box.height * scale)];
  if (canvas.width !== width || canvas.height !== height) [canvas.width, canvas.height] = [width, height];
  const pen = canvas.getContext("2d");
  pen.setTransform(scale, 0, 0, scale, 0, 0);
  pen.clearRect(0, 0, box.width, box.height);
  return { pen, width: box.width, height: box.height };
}

const colourOf = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
