// Functions that run inside the page: what has no name for a screen reader, what is hard to read, what is too wide.

/** Elements to act on that have no accessible name. */
export function nameless() {
  const name_of = (element) => element.getAttribute("aria-label") || element.getAttribute("title") || element.textContent.trim() ||
    (element.labels ? [...element.labels].map((label) => label.textContent).join("") : "") ||
    (element.getAttribute("aria-labelledby") ?? "").split(" ").map((id) => document.getElementById(id)?.textContent ?? "").join("");
  const wanted = "a, button, input, select, textarea, progress, summary, [role='img'], [role='region'], [tabindex='0'], nav, section";
  const found = [...document.querySelectorAll(wanted)].filter((element) => element.checkVisibility() && !name_of(element));
  const ids = [...document.querySelectorAll("[id]")].map((element) => element.id);
  return [...found.map((element) => `no name: ${element.outerHTML.slice(0, 120)}`), ...ids.filter((id, index) => ids.indexOf(id) !== index).map((id) => `id twice: ${id}`),
    ...(document.querySelectorAll("h1").length === 1 ? [] : ["not exactly one h1"]), ...(document.documentElement.lang ? [] : ["no language"])];
}

/** Text whose contrast to what lies behind it is below 4.5. The lowest contrast comes first. */
export function contrasts() {
  const canvas = new OffscreenCanvas(1, 1).getContext("2d", {willReadFrequently: true});
  const parse = (color) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = color;
    canvas.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
    return [r, g, b, a / 255];
  };
  const over = ([r, g, b, a], under) => [r, g, b].map((part, index) => part * a + under[index] * (1 - a));
  const luminance = (rgb) => {
    const [r, g, b] = rgb.map((part) => (part / 255 <= 0.04045 ? part / 255 / 12.92 : ((part / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (element) => {
    const layers = [];
    for (let at = element; at; at = at.parentElement) layers.unshift(parse(getComputedStyle(at).backgroundColor));
    return layers.reduce((under, layer) => over(layer, under), [255, 255, 255]);
  };
  const results = [];
  for (const element of document.querySelectorAll("body *")) {
    const has_text = [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.textContent.trim());
    if (!has_text || !element.checkVisibility() || element.closest("noscript, .skip, :disabled")) continue;
    const behind = ground(element), front = over(parse(getComputedStyle(element).color), behind);
    const [high, low] = [luminance(front), luminance(behind)].sort((a, b) => b - a);
    results.push([(high + 0.05) / (low + 0.05), `${element.tagName.toLowerCase()}.${element.className} “${element.textContent.trim().slice(0, 30)}”`]);
  }
  results.sort((a, b) => a[0] - b[0]);
  return {lowest: results[0], count: results.length, low: results.filter(([ratio]) => ratio < 4.5).slice(0, 5)};
}

/** The elements that make the page wider than the screen. */
export function too_wide() {
  const {scrollWidth, clientWidth} = document.documentElement;
  if (scrollWidth <= clientWidth) return [];
  return [`${scrollWidth} of ${clientWidth} px`, ...[...document.querySelectorAll("body *")].filter((element) => element.getBoundingClientRect().right > clientWidth + 1).slice(0, 4).map((element) => element.outerHTML.slice(0, 100))];
}

/** Charts on which nothing is drawn, of those in sight. */
export function empty_charts() {
  return [...document.querySelectorAll(".chart canvas")].filter((canvas) => {
    const box = canvas.getBoundingClientRect();
    if (box.bottom < 0 || box.top > innerHeight) return false;
    const {data} = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    return !data.some((value, index) => index % 4 === 3 && value > 200);
  }).map((canvas) => canvas.closest(".chart").querySelector("h3").textContent);
}
