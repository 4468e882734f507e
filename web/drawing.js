// Marks on the charts' canvas, and the colours that the style sheet gives. All lengths are in CSS pixels until drawn.

/** @typedef {{line: string, line_b: string, band: string, good: string, bad: string, bad_area: string, text: string, muted: string, grid: string, applied: string, surface: string, held: string}} Colors */

/** @type {Colors|null} */
let colors_now = null;

/** @returns {Colors} */
export function colors() {
  if (colors_now) return colors_now;
  const style = getComputedStyle(document.documentElement);
  const names = ["line", "line_b", "band", "good", "bad", "bad_area", "text", "muted", "grid", "applied", "surface", "held"];
  colors_now = /** @type {any} */ (Object.fromEntries(names.map((name) => [name, style.getPropertyValue("--" + name.replace("_", "-")).trim()])));
  return /** @type {Colors} */ (colors_now);
}

/** After the theme has changed. */
export function forget_colors() {
  colors_now = null;
}

/** The canvas with pixels as the style sheet counts them. @param {Plot} plot @param {(context: CanvasRenderingContext2D, box: {left: number, top: number, width: number, height: number}) => void} paint */
function with_canvas(plot, paint) {
  const ratio = uPlot.pxRatio, {left, top, width, height} = plot.bbox;
  plot.ctx.save();
  plot.ctx.scale(ratio, ratio);
  paint(plot.ctx, {left: left / ratio, top: top / ratio, width: width / ratio, height: height / ratio});
  plot.ctx.restore();
}

/** @param {Plot} plot @param {number} x */
const pixel_x = (plot, x) => plot.valToPos(x, "x") + plot.bbox.left / uPlot.pxRatio;
/** @param {Plot} plot @param {number} y */
const pixel_y = (plot, y) => plot.valToPos(y, "y") + plot.bbox.top / uPlot.pxRatio;

/** The side of the threshold on which a KPI does not pass. @param {Plot} plot @param {number} threshold @param {"at_most"|"at_least"} direction */
export function draw_bad_side(plot, threshold, direction) {
  with_canvas(plot, (context, box) => {
    const y = Math.min(Math.max(pixel_y(plot, threshold), box.top), box.top + box.height);
    const [from, to] = direction === "at_most" ? [box.top, y] : [y, box.top + box.height];
    context.fillStyle = colors().bad_area;
    context.fillRect(box.left, from, box.width, to - from);
  });
}

/** @param {Plot} plot @param {number} threshold */
export function draw_threshold(plot, threshold) {
  with_canvas(plot, (context, box) => {
    const y = pixel_y(plot, threshold);
    context.strokeStyle = colors().bad;
    context.lineWidth = 1.25;
    context.setLineDash([6, 4]);
    context.beginPath();
    context.moveTo(box.left, y);
    context.lineTo(box.left + box.width, y);
    context.stroke();
  });
}

/** @param {Plot} plot @param {number[]} xs @returns {[number, number]} indexes of the points in view, and one more on each side */
export function in_view(plot, xs) {
  const {min, max} = plot.scales.x;
  let first = 0, end = xs.length;
  while (first < end && xs[first] < (min ?? 0)) first += 1;
  while (end > first && xs[end - 1] > (max ?? 0)) end -= 1;
  return [Math.max(first - 1, 0), Math.min(end + 1, xs.length)];
}

/** A strip under the plot: low where the iteration passed, high where it failed. @param {Plot} plot @param {number[]} xs @param {string[]} verdicts @param {number} width_of_first in x units */
export function draw_verdicts(plot, xs, verdicts, width_of_first) {
  const [first, end] = in_view(plot, xs);
  with_canvas(plot, (context, box) => {
    const bottom = box.top + box.height, right_end = box.left + box.width;
    for (const verdict of ["PASS", "FAIL"]) {
      context.beginPath();
      for (let index = first; index < end; index += 1) {
        if (verdicts[index] !== verdict) continue;
        const left = Math.max(pixel_x(plot, index > 0 ? xs[index - 1] : xs[0] - width_of_first), box.left);
        const right = Math.min(pixel_x(plot, xs[index]), right_end);
        const gap = right - left > 4 ? 1 : 0;
        if (right > left) context.rect(left + gap, bottom + (verdict === "FAIL" ? 3 : 6), Math.max(right - left - gap, 0.5), verdict === "FAIL" ? 6 : 3);
      }
      context.fillStyle = verdict === "FAIL" ? colors().bad : colors().good;
      context.fill();
    }
  });
}

/** @param {CanvasRenderingContext2D} context @param {number} x @param {number} y @param {number} size */
function triangle(context, x, y, size) {
  context.moveTo(x, y - size);
  context.lineTo(x + size, y + size);
  context.lineTo(x - size, y + size);
  context.closePath();
}

/** A triangle above the plot and a fine line down. @param {Plot} plot @param {number[]} xs @param {number[]} faults */
export function draw_faults(plot, xs, faults) {
  const [first, end] = in_view(plot, xs);
  with_canvas(plot, (context, box) => {
    context.fillStyle = context.strokeStyle = colors().bad;
    for (let index = first; index < end; index += 1) {
      const x = pixel_x(plot, xs[index]);
      if (!faults[index] || x < box.left - 1 || x > box.left + box.width + 1) continue;
      context.beginPath();
      triangle(context, x, box.top - 6, 4);
      context.fill();
      context.setLineDash([2, 3]);
      context.globalAlpha = 0.6;
      context.beginPath();
      context.moveTo(x, box.top);
      context.lineTo(x, box.top + box.height);
      context.stroke();
      context.globalAlpha = 1;
    }
  });
}

/** @param {CanvasRenderingContext2D} context @param {number} x @param {number} y @param {number} size */
function cross(context, x, y, size) {
  context.moveTo(x - size, y - size);
  context.lineTo(x + size, y + size);
  context.moveTo(x + size, y - size);
  context.lineTo(x - size, y + size);
}

/** @param {CanvasRenderingContext2D} context @param {number} x @param {number} y @param {number} size */
function diamond(context, x, y, size) {
  context.moveTo(x, y - size);
  context.lineTo(x + size, y);
  context.lineTo(x, y + size);
  context.lineTo(x - size, y);
  context.closePath();
}

/** A step line holds from the start of its first point. @param {Plot} plot @param {number[]} xs @param {number|null} level @param {number} width_of_first */
export function draw_start(plot, xs, level, width_of_first) {
  if (level === null || xs.length === 0) return;
  with_canvas(plot, (context, box) => {
    const left = Math.max(pixel_x(plot, xs[0] - width_of_first), box.left), right = Math.min(pixel_x(plot, xs[0]), box.left + box.width);
    context.strokeStyle = colors().line;
    context.lineWidth = 2;
    const y = Math.round(pixel_y(plot, level) * uPlot.pxRatio) / uPlot.pxRatio;  // as uPlot does, so that the two lines meet
    context.beginPath();
    context.moveTo(left, y);
    context.lineTo(Math.max(left, right), y);
    if (right > left) context.stroke();
  });
}

/** A letter at the end of a line. @param {Plot} plot @param {number[]} xs @param {(number|null)[]} values @param {string} letter @param {string} color */
export function draw_end_letter(plot, xs, values, letter, color) {
  const [first, end] = in_view(plot, xs);
  let last = end - 1;
  while (last >= first && values[last] === null) last -= 1;
  const value = values[last] ?? null;
  if (last < first || value === null) return;
  with_canvas(plot, (context, box) => {
    context.font = "600 12px system-ui, sans-serif";
    context.textBaseline = "middle";
    context.fillStyle = color;
    context.fillText(letter, Math.min(pixel_x(plot, xs[last]), box.left + box.width) + 4, pixel_y(plot, value));
  });
}

/** Proposals: a ring; applied: a diamond in it; held: a cross in it. @param {Plot} plot @param {number[]} xs @param {(number|null)[]} proposed @param {(number|null)[]} applied */
export function draw_proposals(plot, xs, proposed, applied) {
  const [first, end] = in_view(plot, xs);
  with_canvas(plot, (context, box) => {
    const size = box.width / Math.max(end - first, 1) < 4 ? 2.5 : 4;
    const rings = new Path2D(), diamonds = new Path2D(), crosses = new Path2D();
    for (let index = first; index < end; index += 1) {
      const value = proposed[index];
      if (value === null) continue;
      const x = pixel_x(plot, xs[index]), y = pixel_y(plot, value);
      if (x < box.left - 1 || x > box.left + box.width + 1) continue;
      rings.moveTo(x + size + 1, y);
      rings.arc(x, y, size + 1, 0, 2 * Math.PI);
      if (applied[index] === null) cross(/** @type {any} */ (crosses), x, y, size - 0.8);
      else diamond(/** @type {any} */ (diamonds), x, y, size - 1);
    }
    context.lineWidth = 1.5;
    context.fillStyle = colors().surface;
    context.fill(rings);
    context.strokeStyle = colors().applied;
    context.stroke(rings);
    context.fillStyle = colors().applied;
    context.fill(diamonds);
    context.strokeStyle = colors().held;
    context.stroke(crosses);
  });
}

/**
 * One lane: a block over each point in which something was set.
 * @param {Plot} plot @param {number} lane its number from above @param {number} lanes @param {number[]} xs @param {(index: number) => number} strength 0 to 1 @param {string} color @param {number} width_of_first
 */
export function draw_lane(plot, lane, lanes, xs, strength, color, width_of_first) {
  const [first, end] = in_view(plot, xs);
  with_canvas(plot, (context, box) => {
    const height = box.height / lanes, top = box.top + lane * height + height * 0.22;
    context.fillStyle = color;
    for (let index = first; index < end; index += 1) {
      const share = strength(index);
      if (share <= 0) continue;
      const left = Math.max(pixel_x(plot, index > 0 ? xs[index - 1] : xs[0] - width_of_first), box.left);
      const right = Math.min(pixel_x(plot, xs[index]), box.left + box.width);
      const gap = right - left > 5 ? 1 : 0;
      context.globalAlpha = 0.4 + 0.6 * Math.min(share, 1);
      if (right > left) context.fillRect(left + gap, top, Math.max(right - left - gap, 1), height * 0.56);
    }
  });
}

/** A mark in a lane at each point. @param {Plot} plot @param {number} lane @param {number} lanes @param {number[]} xs @param {(index: number) => ("held"|"no_op"|"fault"|null)} kind_of */
export function draw_lane_marks(plot, lane, lanes, xs, kind_of) {
  const [first, end] = in_view(plot, xs);
  with_canvas(plot, (context, box) => {
    const y = box.top + (lane + 0.5) * (box.height / lanes);
    context.lineWidth = 1.5;
    for (let index = first; index < end; index += 1) {
      const kind = kind_of(index), x = pixel_x(plot, xs[index]);
      if (!kind || x < box.left - 1 || x > box.left + box.width + 1) continue;
      context.beginPath();
      context.fillStyle = context.strokeStyle = kind === "fault" ? colors().bad : colors().held;
      if (kind === "fault") {
        triangle(context, x, y, 4.5);
        context.fill();
        continue;
      }
      context.arc(x, y, 5, 0, 2 * Math.PI);
      if (kind === "held") cross(context, x, y, 2.2);
      context.stroke();
    }
  });
}
