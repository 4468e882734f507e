// A browser, a server and the runs of one test. Whatever it starts it ends; a request to any other host, a console message or an error fails the test.
import {spawn} from "node:child_process";
import {createRequire} from "node:module";
import {createServer} from "node:net";

const {chromium} = createRequire(new URL("../../../web/", import.meta.url))("playwright-core");
const kWaitMs = 20000;

export async function free_port() {
  const server = createServer();
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  const {port} = server.address();
  await new Promise((done) => server.close(done));
  return port;
}

export class Process {
  constructor([program, ...options], cwd) {
    this.child = spawn(program, options, {cwd, stdio: ["ignore", "ignore", "inherit"]});
    this.ended = new Promise((done) => this.child.on("exit", done));
  }

  async end() {
    if (this.child.exitCode === null && this.child.signalCode === null) this.child.kill("SIGTERM");
    const timer = setTimeout(() => this.child.kill("SIGKILL"), 5000);
    await this.ended;
    clearTimeout(timer);
  }
}

export class Server {
  constructor(command, port, cwd) {
    this.cwd_ = cwd;
    this.command_ = command.map((word) => word.replace("{port}", port));
    this.origin = `http://127.0.0.1:${port}`;
  }

  async start() {
    this.process_ = new Process(this.command_, this.cwd_);
    const end = Date.now() + kWaitMs;
    while (!(await fetch(this.origin + "/api/v1/runs").then((answer) => answer.ok, () => false))) {
      if (Date.now() > end) throw new Error(`the server does not answer: ${this.command_.join(" ")}`);
      await new Promise((done) => setTimeout(done, 50));
    }
  }

  stop() {
    return this.process_?.end();
  }

  get(path) {
    return fetch(this.origin + "/api/v1/" + path).then((answer) => answer.json());
  }
}

export class Browser {
  constructor(executable) {
    this.executable_ = executable;
    this.complaints = [];
    this.requests = [];
    this.server_is_down = false;
  }

  async start() {
    this.browser_ = await chromium.launch({executablePath: this.executable_, args: ["--no-sandbox", "--disable-dev-shm-usage"]});
  }

  async page(origin, options = {}) {
    const {width = 1280, height = 900, ...more} = options;
    const context = await this.browser_.newContext({viewport: {width, height}, timezoneId: "Europe/Berlin", ...more});
    const page = await context.newPage();
    page.setDefaultTimeout(kWaitMs);
    page.on("console", (message) => this.complain_(`console ${message.type()}: ${message.text()}`));
    page.on("pageerror", (error) => this.complain_(`error: ${error.stack}`));
    page.on("request", (request) => {  // looked at, not held up: a view is as quick as a reader sees it
      this.requests.push(request.url());
      if (!request.url().startsWith(origin) && !request.url().startsWith("data:")) this.complain_(`a request to ${request.url()}`);
    });
    return page;
  }

  complain_(text) {
    // While the server is down the browser itself writes that it cannot be reached; no page can keep it from doing so.
    if (!(this.server_is_down && /ERR_CONNECTION_REFUSED|ERR_INCOMPLETE_CHUNKED|ERR_CONNECTION_RESET|ERR_EMPTY_RESPONSE/.test(text))) this.complaints.push(text);
  }

  stop() {
    return this.browser_?.close();
  }
}

export async function first_view(page) {
  await page.waitForFunction(() => performance.getEntriesByName("soak-first-view").length > 0);
  return page.evaluate(() => performance.getEntriesByName("soak-first-view")[0].startTime);
}

/** What the page's main thread does meanwhile. */
export async function measured_while(page, action) {
  const session = await page.context().newCDPSession(page);
  await session.send("Performance.enable", {timeDomain: "threadTicks"});  // processor time: what else runs on the machine does not count
  const task_ms = async () => 1000 * (await session.send("Performance.getMetrics")).metrics.find(({name}) => name === "TaskDuration").value;
  await page.evaluate(() => {
    window.measured = {longest_ms: 0, frames_ms: []};
    new PerformanceObserver((list) => list.getEntries().forEach((entry) => { window.measured.longest_ms = Math.max(window.measured.longest_ms, entry.duration); })).observe({entryTypes: ["longtask"]});
    let last = performance.now();
    const frame = (now) => {
      window.measured.frames_ms.push(now - last);
      last = now;
      requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
  });
  const before = await task_ms();
  await action();
  const processor_ms = (await task_ms()) - before;
  const {longest_ms, frames_ms} = await page.evaluate(() => window.measured);
  return {longest_ms, processor_ms, frames_ms: frames_ms.sort((a, b) => a - b)};
}

/** Runs the checks one after another, says what happened, and gives the number of those that failed. */
export async function run_checks(checks, browser) {
  let failed = 0;
  for (const [name, check] of checks) {
    const started = Date.now();
    browser.complaints.length = 0;
    try {
      const note = await check();
      if (browser.complaints.length) throw new Error(browser.complaints.join("\n"));
      console.log(`ok    ${name}${note ? `: ${note}` : ""} (${Date.now() - started} ms)`);
    } catch (error) {
      failed += 1;
      console.log(`FAIL  ${name}: ${error.stack}`);
    }
  }
  return failed;
}
