/* The picture of the wall: where the hips are now, and which holds are held. */
if (wall && byId("map")) (() => {
  const root = byId("map");
  const hips = byId("map-hips");
  const { origin, scale } = data.map;
  const onMap = ([x, y]) => [(x - origin[0]) * scale[0], (y - origin[1]) * scale[1]];
  for (const mark of all(".mark", root)) mark.addEventListener("click", () => player.seek(Number(mark.dataset.start)));

  on("frame", (frame) => {
    const held = heldBy(wall.touching(track.time[frame]));
    for (const outline of all(".outline", root)) {
      outline.classList.toggle("left", (held.get(outline.dataset.hold) ?? []).some((limb) => limbSide(limb) === "left"));
      outline.classList.toggle("right", (held.get(outline.dataset.hold) ?? []).some((limb) => limbSide(limb) === "right"));
    }
    const ends = wall.placed(frame) ? data.map.hips.map((keypoint) => track.point(frame, keypoint)) : [null];
    hips.setAttribute("visibility", ends.every(Boolean) ? "visible" : "hidden");
    if (!ends.every(Boolean)) return;
    const [x, y] = onMap(wall.onWall(frame, [(ends[0][0] + ends[1][0]) / 2, (ends[0][1] + ends[1][1]) / 2]));
    hips.setAttribute("cx", x);
    hips.setAttribute("cy", y);
  });
  on("hold", (id) => {
    for (const mark of all("[data-hold]", root)) mark.classList.toggle("pointed", mark.dataset.hold === id);
  });
})();
