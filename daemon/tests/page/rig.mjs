// A daemon with simulated nodes, a way to it that can be cut, and browsers.

import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { AxeBuilder } from "./axe.mjs";
import { chromium } from "playwright-core";

const ARGUMENTS = [
  "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update",
  "--disable-sync",
];

// Starts the daemon; what it says first, and how it ends.
async function startDaemon(program, folder) {
  const child = spawn(program, [
    "--sim", "v2.5", "--listen", "127.0.0.1:0", "--state-dir", path.join(folder, "state"), "--consoles-dir", path.join(folder, "consoles"),
  ], { env: { ...process.env, XDG_RUNTIME_DIR: folder }, stdio: ["ignore", "pipe", "inherit"] });
  const lines = createInterface({ input: child.stdout });
  const first = await new Promise((resolve, reject) => {
    lines.once("line", resolve);
    child.once("exit", (status) => reject(new Error(`clusterhatd ended with ${status}`)));
  });
  return { child, announcement: JSON.parse(first) };
}

// Passes bytes on to a port, until it is cut.
class Way {
  constructor(port) {
    this.sockets = new Set();
    this.isCut = false;
    this.server = net.createServer((client) => {
      if (this.isCut) return client.destroy();
      const server = net.connect(port, "127.0.0.1");
      for (const [from, to] of [[client, server], [server, client]]) {
        this.sockets.add(from);
        from.on("error", () => to.destroy());
        from.on("close", () => {
          this.sockets.delete(from);
          to.destroy();
        });
        from.pipe(to);
      }
    });
  }

  listen() {
    return new Promise((resolve) => this.server.listen(0, "127.0.0.1", () => resolve(this.server.address().port)));
  }

  cut() {
    this.isCut = true;
    this.sockets.forEach((socket) => socket.destroy());
  }

  mend() {
    this.isCut = false;
  }
}

export class Rig {
  static async start(program) {
    const rig = new Rig();
    rig.folder = await mkdtemp(path.join(os.tmpdir(), "clusterhat-page-"));
    rig.daemon = await startDaemon(program, rig.folder);
    const { url, user, password } = rig.daemon.announcement;
    Object.assign(rig, { user, password, direct: url });
    rig.way = new Way(Number(new URL(url).port));
    rig.url = `https://127.0.0.1:${await rig.way.listen()}/`;
    rig.browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ARGUMENTS });
    rig.problems = [];
    return rig;
  }

  // A browser of its own, which notes whatever its page complains about.
  async visitor(options = {}, prepare = () => {}) {
    const context = await this.browser.newContext({ ignoreHTTPSErrors: true, viewport: { width: 1360, height: 900 }, ...options });
    const page = await context.newPage();
    page.setDefaultTimeout(20000);
    page.on("pageerror", (error) => this.problems.push(`error: ${error.message}`));
    page.on("console", (message) => {
      const isExpected = /Failed to load resource|net::ERR_|WebSocket connection/.test(message.text());
      if (message.type() === "error" && !isExpected) this.problems.push(message.text());
    });
    prepare(page);
    await page.goto(this.url);
    return page;
  }

  async signedIn(options) {
    const page = await this.visitor(options);
    await page.getByLabel("User").fill(this.user);
    await page.getByLabel("Password").fill(this.password);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.locator("#live[data-state=live]").waitFor();
    await page.locator("article.node").first().waitFor();
    return page;
  }

  // An accessibility checker's complaints.
  async violations(page) {
    return new AxeBuilder(page).violations();
  }

  async end() {
    await this.browser?.close();
    this.way?.server.close();
    this.daemon?.child.kill("SIGTERM");
    await new Promise((resolve) => this.daemon?.child.once("exit", resolve));
    await rm(this.folder, { recursive: true, force: true });
  }
}
