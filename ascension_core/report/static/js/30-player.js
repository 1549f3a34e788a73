/* The video's time. The skeleton follows frames that were presented, the cursors follow where we are going. */
const player = (() => {
  const video = byId("video");
  const exact = "requestVideoFrameCallback" in HTMLVideoElement.prototype;
  const UNTOLD_MS = 1000;  // now and then Chromium does not say that it shows the frame it went to
  const duration = data.duration;
  let frame = -1;
  let target = 0;
  let queued = null;
  let usable = true;
  let loop = null;

  function present(index, seconds) {
    if (video.seeking && !exact) return;
    if (index !== frame) {
      frame = index;
      emit("frame", frame);
    }
    if (!video.paused) {
      target = index;
      emit("time", seconds);
      if (loop && (seconds >= loop[1] || seconds < loop[0] - track.interval)) go(track.nearest(loop[0]));
    }
  }
  const presentCurrent = () => present(track.floor(video.currentTime + 0.002), video.currentTime);
  /* The first thing that anyone does takes the large play button off the picture. */
  const begin = () => document.body.classList.add("started");

  function watch() {
    if (exact) video.requestVideoFrameCallback(function next(_now, shown) {
      present(track.nearest(shown.mediaTime), shown.mediaTime);
      video.requestVideoFrameCallback(next);
    });
    else requestAnimationFrame(function next() {
      if (!video.paused) present(track.floor(video.currentTime + 0.002), video.currentTime);
      requestAnimationFrame(next);
    });
  }
  function go(index) {
    target = clamp(index, 0, track.frames - 1);
    emit("time", track.time[target]);
    if (!usable) {
      frame = target;
      emit("frame", frame);
    } else if (video.seeking || video.readyState < 1) queued = target;
    else video.currentTime = track.inside(target);
  }
  /* While a seek runs, later ones wait; whatever happened meanwhile, a paused video ends up where we are going. */
  video.addEventListener("seeked", () => {
    const astray = video.paused && track.floor(video.currentTime + 0.002) !== target;
    if (queued !== null || astray) {
      const next = queued ?? target;
      queued = null;
      video.currentTime = track.inside(next);
    } else if (!exact) presentCurrent();
    else setTimeout(() => video.paused && !video.seeking && presentCurrent(), UNTOLD_MS);
  });
  for (const event of ["play", "pause", "ended", "ratechange"]) video.addEventListener(event, () => emit("state"));
  video.addEventListener("ended", () => {
    if (loop) api.seek(loop[0]), api.play();
  });
  function fail() {
    usable = false;
    const notice = byId("notice");
    notice.textContent = data.video.file
      ? `The video is not inside this page but beside it, in the file ${data.video.file}, which could not be opened. Skeleton and plots still work.`
      : "This browser cannot play the video. Skeleton and plots still work.";
    notice.hidden = false;
    go(target);
  }
  video.addEventListener("error", fail);

  const api = {
    video, duration,
    get frame() { return frame; },
    get target() { return target; },
    get seconds() { return track.time[target] ?? 0; },
    get loop() { return loop; },
    get playing() { return !video.paused && !video.ended; },
    seek(seconds) { begin(); go(track.nearest(clamp(seconds, 0, duration))); },
    step(by) { begin(); video.pause(); go(target + by); },
    play() {
      if (!usable) return;
      begin();
      if (video.ended || target >= track.frames - 1) go(0);
      video.play().catch((reason) => { if (reason.name === "NotSupportedError") fail(); });
    },
    toggle() { if (api.playing) video.pause(); else api.play(); },
    setRate(rate) { video.playbackRate = rate; },
    setLoop(from, to) {
      loop = from === null || Math.abs(to - from) < 2 * track.interval ? null : [Math.min(from, to), Math.max(from, to)];
      emit("loop", loop);
      if (loop && (api.seconds < loop[0] || api.seconds > loop[1])) api.seek(loop[0]);
    },
    start() {
      const packed = byId("video-data");
      if (packed) {
        video.src = URL.createObjectURL(new Blob([unpack(packed.textContent)], { type: "video/mp4" }));
        packed.remove();
      }
      watch();
      queued = target = track.nearest(data.start);
      emit("time", track.time[target] ?? 0);
      const open = () => {
        if (queued === null) return;
        const first = queued;
        queued = null;
        video.currentTime = track.inside(first);
      };
      if (video.readyState >= 1) open(); else video.addEventListener("loadedmetadata", open, { once: true });
      if (video.error) fail();
    },
  };
  return api;
})();
