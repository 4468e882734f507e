// Makes docs/pictures/ anew: `node web/pictures.mjs [PROGRAM]`. Runs, server and browser are its own, and end with it.
import {execFileSync, spawnSync} from "node:child_process";
import {mkdtempSync, rmSync, statSync, writeFileSync} from "node:fs";
import {tmpdir} from "node:os";
import {fileURLToPath} from "node:url";
import {Browser, first_view, free_port, Server} from "../tests/e2e/page/harness.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const program = process.argv[2] ?? `${root}build/release/soak`;
const work = mkdtempSync(`${tmpdir()}/soak-pictures-`);
const server = new Server([program, "serve", "--path", "runs", "--listen", "127.0.0.1:{port}"], await free_port(), work);
const browser = new Browser("/usr/bin/chromium");

function soak(name, ...options) {
  execFileSync(program, ["run", "--quiet", "--out", `${work}/runs/${name}`, ...options], {stdio: ["ignore", "ignore", "inherit"]});
}

function make_runs() {
  soak("tuned", "--mock", "--auto-tune", "--iterations", "48", "--seed", "4");
  soak("as-it-was", "--mock", "--iterations", "48", "--seed", "4");
  const plan = {1: [65, 560], 3: [75, 600], 5: [90, 640], 6: [120, 640], 8: [100, 700], 10: [65, 680], 12: [130, 720]};
  writeFileSync(`${work}/plan.jsonl`, Object.entries(plan).map(([iteration, [min_interval_ms, tail_age_ms]]) =>
    JSON.stringify({iteration: Number(iteration), proposed_deltas: {min_interval_ms, tail_age_ms}}) + "\n").join(""));
  writeFileSync(`${work}/start.json`, JSON.stringify({engine: {min_interval_ms: 60, tail_age_ms: 500}, risk: {base_spread_bps: 0.4}, tuner: {velocity_cap: 8}}));
  soak("bot-at-fault", "--iterations", "14", "--iteration-s", "1.2", "--settle-s", "0.4", "--tuner", `plan:${work}/plan.jsonl`, "--overrides", `${work}/start.json`, "--",
    "python3", `${root}tests/e2e/faulty_bot.py`, "ignored");
}

async function picture(name, folders, part, options) {
  const {runs} = await server.get("runs");
  const ids = folders.map((folder) => encodeURIComponent(runs.find((run) => run.folder.endsWith(`/${folder}`)).id));
  const page = await browser.page(server.origin, options);
  await page.goto(`${server.origin}/#/${ids.length === 2 ? "compare" : "runs"}/${ids.join("/")}`);
  await first_view(page);
  if (part) await page.locator(part).first().evaluate((element) => scrollTo(0, element.getBoundingClientRect().top + scrollY - 120));
  await page.waitForTimeout(1000);
  const path = `${root}docs/pictures/${name}.png`;
  await page.screenshot({path});
  spawnSync("pngquant", ["--force", "--output", path, "--quality", "80-98", "--speed", "1", path]);  // a third of the size, where it is installed
  console.log(`${path}: ${statSync(path).size} bytes`);
  await page.context().close();
}

try {
  make_runs();
  await server.start();
  await browser.start();
  await picture("run-dark", ["tuned"], "", {width: 1400, height: 1240, colorScheme: "dark"});
  await picture("run-light", ["bot-at-fault"], ".guards", {width: 1400, height: 1000, colorScheme: "light"});
  await picture("compare", ["as-it-was", "tuned"], "", {width: 1400, height: 1000, colorScheme: "dark"});
  await picture("phone", ["tuned"], "", {width: 360, height: 780, colorScheme: "light"});
  if (browser.complaints.length) throw new Error(browser.complaints.join("\n"));
} finally {
  await server.stop();
  await browser.stop();
  rmSync(work, {recursive: true, force: true});
}
