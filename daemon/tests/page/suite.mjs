// The page in a real browser: node --test suite.mjs, with CLUSTERHATD the program and PICTURES a folder for pictures of the page.

import assert from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import https from "node:https";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { Rig } from "./rig.mjs";

const pictures = process.env.PICTURES ?? "pictures";
let rig;

before(async () => {
  await mkdir(pictures, { recursive: true });
  rig = await Rig.start(process.env.CLUSTERHATD);
});
after(() => rig.end());

const picture = (page, name) => page.screenshot({ path: path.join(pictures, `${name}.png`), fullPage: /^phone-[a-z]+$/.test(name) });
const card = (page, node) => page.locator(`#${node}`);
const badge = (page, node, text) => card(page, node).locator(".badge", { hasText: new RegExp(`^${text}$`) }).waitFor();
const press = (page, node, action) => card(page, node).locator(`[data-action=${action}]`).click();
const answer = (page, name) => page.getByRole("dialog").getByRole("button", { name, exact: true }).click();
const toast = (page, text) => page.locator(".toast", { hasText: text }).first().waitFor();

// Asks the API with a token; the status.
const ask = (token) => new Promise((resolve, reject) => {
  const options = { rejectUnauthorized: false, headers: { authorization: `Bearer ${token}` } };
  https.get(`${rig.direct}/api/v1/nodes`, options, (response) => {
    response.resume();
    resolve(response.statusCode);
  }).on("error", reject);
});

// Asks Redfish as the administrator; the status.
const redfish = (method, resource, body) => new Promise((resolve, reject) => {
  const options = { method, rejectUnauthorized: false, auth: `${rig.user}:${rig.password}`, headers: { "content-type": "application/json" } };
  const request = https.request(`${rig.direct}/redfish/v1/${resource}`, options, (response) => {
    response.resume();
    resolve(response.statusCode);
  });
  request.on("error", reject).end(JSON.stringify(body));
});

test("who has to change the password first is told so, and signed out", async () => {
  const [user, password] = ["new", "long enough"];
  assert.equal(await redfish("POST", "AccountService/Accounts", { UserName: user, Password: password, RoleId: "Operator" }), 201);
  const page = await rig.visitor();
  const signIn = async () => {
    await page.getByLabel("User").fill(user);
    await page.getByLabel("Password").fill(password);
    await page.keyboard.press("Enter");
  };
  const told = () => page.locator("#sign-in-problem", { hasText: "must be changed" }).waitFor();
  await signIn();
  await page.locator("#live[data-state=live]").waitFor();
  assert.equal(await redfish("PATCH", `AccountService/Accounts/${user}`, { PasswordChangeRequired: true }), 200);
  await told();
  await page.reload();
  await told();
  await signIn();
  await told();
  assert.equal(await page.locator("article.node").count(), 0);
  await page.context().close();
  assert.equal(await redfish("DELETE", `AccountService/Accounts/${user}`), 204);
});

test("signing in by keyboard alone, after a wrong password", async () => {
  const page = await rig.visitor();
  await page.locator("#sign-in").waitFor();
  assert.equal(await page.evaluate(() => document.activeElement.name), "user");
  await page.keyboard.type(rig.user);
  await page.keyboard.press("Tab");
  await page.keyboard.type("wrong");
  await page.keyboard.press("Enter");
  await page.locator("#sign-in-problem", { hasText: "the user or the password is not valid" }).waitFor();
  assert.deepEqual(await rig.violations(page), []);
  await picture(page, "sign-in");
  await page.keyboard.type(rig.password);
  await page.keyboard.press("Enter");
  await page.locator("article.node").first().waitFor();
  assert.equal(await page.locator("article.node").count(), 4);
  assert.equal(await page.locator(".picture a").count(), 4);
  await page.context().close();
});

test("the page is small, from one place, and its cookie is no script's", async () => {
  let size = 0;
  const sizes = [];
  const elsewhere = [];
  const count = (response) => {
    if (!response.url().startsWith(rig.url)) elsewhere.push(response.url());
    sizes.push(response.request().sizes().then(({ responseBodySize }) => { size += responseBodySize; }, () => {}));
  };
  const page = await rig.visitor({}, (fresh) => fresh.on("response", count));
  await page.getByLabel("User").fill(rig.user);
  await page.getByLabel("Password").fill(rig.password);
  await page.keyboard.press("Enter");
  await page.locator("article.node").first().waitFor();
  await page.locator("#live[data-state=live]").waitFor();
  // The stream of events has no end.
  await Promise.race([Promise.all(sizes), new Promise((resolve) => setTimeout(resolve, 1000))]);
  assert.ok(size > 5000 && size < 60000, `${size} bytes`);
  assert.deepEqual(elsewhere, []);
  assert.equal(await page.evaluate(() => document.cookie), "");
  const [cookie] = await page.context().cookies();
  assert.deepEqual([cookie.httpOnly, cookie.secure, cookie.sameSite], [true, true, "Strict"]);
  await page.context().close();
});

describe("every action", () => {
  let page;
  before(async () => { page = await rig.signedIn(); });
  after(() => page.context().close());

  test("on: the node starts before the eyes of who looks", async () => {
    await press(page, "p1", "on");
    await badge(page, "p1", "Running");
    await toast(page, "Switching on p1: done");
    assert.equal(await page.locator(".picture a[data-node=p1]").getAttribute("data-power"), "on");
    await page.locator("#events li", { hasText: "p1 is running" }).waitFor();
    await card(page, "p1").locator("dd", { hasText: /\d\s°C/ }).waitFor();
  });

  test("restart: asked first, the power stays", async () => {
    await press(page, "p1", "reboot");
    await page.getByRole("dialog", { name: "Restart p1?" }).waitFor();
    await answer(page, "Restart");
    await toast(page, "Restarting p1: accepted");
    // Not "p1 is reachable", as if it started.
    await page.locator("#events li", { hasText: "p1 is no longer running: reachable" }).waitFor();
    // It left the USB.
    await page.locator("#events li", { hasText: "Console of p1: closed" }).waitFor();
    await badge(page, "p1", "Running");
  });

  test("cycle: what runs there is named, Escape is no", async () => {
    await press(page, "p1", "cycle");
    const dialog = page.getByRole("dialog", { name: "Power-cycle p1?" });
    await dialog.locator("li", { hasText: /p1.*running/ }).waitFor();
    await page.keyboard.press("Escape");
    await dialog.waitFor({ state: "detached" });
    await badge(page, "p1", "Running");
    await press(page, "p1", "cycle");
    await answer(page, "Power-cycle");
    await toast(page, "Power-cycling p1: done");
    await badge(page, "p1", "Running");
  });

  test("shut down", async () => {
    await press(page, "p1", "shutdown");
    await answer(page, "Shut down");
    await toast(page, "Shutting down p1: done");
    await badge(page, "p1", "Off");
  });

  test("off: a gentler way is offered, and the power is cut where that is meant", async () => {
    await press(page, "p2", "on");
    await badge(page, "p2", "Running");
    await press(page, "p2", "off");
    await page.getByRole("dialog", { name: "Cut the power of p2?" }).waitFor();
    await picture(page, "confirmation");
    assert.deepEqual(await rig.violations(page), []);
    await answer(page, "Shut down instead");
    await toast(page, "Shutting down p2: done");
    await press(page, "p2", "on");
    await badge(page, "p2", "Running");
    await press(page, "p2", "off");
    await answer(page, "Cut the power");
    await toast(page, "Switching off p2: done");
    await badge(page, "p2", "Off");
  });

  test("several: their staggered start is shown and can be stopped", async () => {
    await page.getByText("None chosen: for all 4 nodes").waitFor();
    await page.getByLabel("Choose p3").check();
    await page.getByLabel("Choose p4").check();
    await page.getByText("2 chosen").waitFor();
    await page.locator("#pick-all").check();
    await page.locator("#batch [data-action=on]").click();
    await page.getByRole("progressbar", { name: "Switching on p1 p2 p3 p4" }).waitFor();
    await picture(page, "staggered");
    await page.getByRole("button", { name: "Stop: Switching on p1 p2 p3 p4" }).click();
    await toast(page, "stopped");
    await page.locator("#batch [data-action=on]").click();
    await toast(page, /Switching on .*: done/);
    for (const node of ["p1", "p2", "p3", "p4"]) await badge(page, node, "Running");
    await page.locator("#pick-all").uncheck();
  });
});

test("a console: what is typed, what the node sends, and HTML that is none", async () => {
  const page = await rig.signedIn();
  await card(page, "p1").getByRole("button", { name: "Console: p1" }).click();
  await page.getByText("You write").waitFor();
  await page.locator("#console .xterm").waitFor();
  await page.keyboard.type("<img src=x onerror=alert(1)>");
  await page.keyboard.press("Enter");
  await page.keyboard.type("hello");
  await page.locator("#console", { hasText: "hello" }).waitFor();
  assert.equal(await page.locator("#console img").count(), 0);
  await picture(page, "console");
  assert.deepEqual(await rig.violations(page), []);
  // Out of the terminal without a mouse.
  await page.keyboard.press("Control+]");
  assert.equal(await page.evaluate(() => document.activeElement.closest(".bar") !== null), true);
  await page.getByRole("button", { name: "Close the console" }).click();
  await page.locator("#console").waitFor({ state: "hidden" });
  await page.context().close();
});

test("who may only read has nothing to type into", async () => {
  const [user, password] = ["reader", "long enough"];
  assert.equal(await redfish("POST", "AccountService/Accounts", { UserName: user, Password: password, RoleId: "ReadOnly" }), 201);
  for (const hasTerminal of [true, false]) {
    const page = await rig.visitor();
    // As a service without the emulator answers.
    const none = { contentType: "text/javascript", body: "export const terminal = null;" };
    if (!hasTerminal) await page.route("**/terminal/terminal.js", (route) => route.fulfill(none));
    await page.getByLabel("User").fill(user);
    await page.getByLabel("Password").fill(password);
    await page.keyboard.press("Enter");
    await card(page, "p1").getByRole("button", { name: "Console: p1" }).click();
    await page.locator(hasTerminal ? "#console .xterm" : "#console pre").waitFor();
    await page.locator("#console .port", { hasText: /^(Open|Closed)/ }).waitFor();
    await page.keyboard.type("x");
    assert.equal(await page.locator("#console input, #console button:visible:not(.icon-only)").count(), 0);
    assert.equal(await page.locator("#console .said").textContent(), "");
    await picture(page, `reader-${hasTerminal}`);
    await page.context().close();
  }
  assert.equal(await redfish("DELETE", `AccountService/Accounts/${user}`), 204);
});

test("what is told does not cover what is typed into", async () => {
  const page = await rig.signedIn();
  const none = { contentType: "text/javascript", body: "export const terminal = null;" };
  await page.route("**/terminal/terminal.js", (route) => route.fulfill(none));
  for (const viewport of [{ width: 1360, height: 900 }, { width: 390, height: 844 }]) {
    await page.setViewportSize(viewport);
    await press(page, "p2", "shutdown");
    await answer(page, "Shut down");
    await card(page, "p2").getByRole("button", { name: "Console: p2" }).click();
    await toast(page, "Shutting down p2: done");
    await page.getByRole("button", { name: "Send", exact: true }).click();
    // Two rows at most: the emulator's hint and long words take none of their own.
    const { height } = await page.locator("#console .bar").boundingBox();
    assert.ok(height < 105, `${height} px`);
    const port = await page.locator("#console .port").first().boundingBox();
    assert.ok(port.width > 30, `${port.width} px`);
    await picture(page, `console-plain-${viewport.width}`);
    await page.getByRole("button", { name: "Close the console" }).click();
    await press(page, "p2", "on");
    await badge(page, "p2", "Running");
  }
  await page.context().close();
});

test("two browsers see the same, and hand the turn to write over", async () => {
  const [pi, lab] = await Promise.all([rig.signedIn(), rig.signedIn({ colorScheme: "dark" })]);
  await press(pi, "p4", "off");
  await answer(pi, "Cut the power");
  await badge(lab, "p4", "Off");
  await card(pi, "p2").getByRole("button", { name: "Console: p2" }).click();
  await pi.getByText("You write").waitFor();
  await card(lab, "p2").getByRole("button", { name: "Console: p2" }).click();
  await lab.getByText("admin writes", { exact: true }).waitFor();
  await lab.getByRole("button", { name: "Take over" }).click();
  await lab.getByText("You write").waitFor();
  await pi.getByText("admin took over").waitFor();
  await lab.locator("#console .xterm").click();
  await lab.keyboard.type("from lab");
  await pi.locator("#console", { hasText: "from lab" }).waitFor();
  await lab.getByRole("button", { name: "Release" }).click();
  await pi.getByText("Nobody writes").waitFor();
  await Promise.all([pi.context().close(), lab.context().close()]);
});

test("a lost connection is shown, and all is up to date when it is found again", async () => {
  const [page, other] = await Promise.all([rig.signedIn(), rig.signedIn()]);
  await other.context().close();
  await card(page, "p3").getByRole("button", { name: "Console: p3" }).click();
  await page.getByText("You write").waitFor();
  rig.way.cut();
  await page.locator("#live[data-state=lost]").waitFor();
  await page.locator("#console").getByText("Connection lost").waitFor();
  await picture(page, "lost");
  rig.way.mend();
  await page.locator("#live[data-state=live]").waitFor();
  await page.getByText("You write").waitFor();
  await page.context().close();
});

test("tokens are made, shown once, and revoked", async () => {
  const page = await rig.signedIn();
  await page.getByRole("link", { name: "Tokens" }).click();
  await page.getByRole("button", { name: "New token" }).click();
  await page.getByLabel("Name").fill("prometheus");
  await picture(page, "token");
  await page.getByRole("button", { name: "Create token" }).click();
  const secret = await page.getByLabel("The token", { exact: true }).textContent();
  assert.equal(await ask(secret), 200);
  assert.deepEqual(await rig.violations(page), []);
  await page.getByRole("button", { name: "Done" }).click();
  await page.getByRole("cell", { name: "prometheus", exact: true }).waitFor();
  assert.ok(!(await page.content()).includes(secret));
  await picture(page, "tokens");
  assert.deepEqual(await rig.violations(page), []);
  await page.getByRole("button", { name: "Revoke prometheus" }).click();
  await answer(page, "Revoke");
  await page.getByText("No tokens yet").waitFor();
  assert.equal(await ask(secret), 401);
  await page.context().close();
});

test("with the keyboard alone", async () => {
  const page = await rig.signedIn();
  const focus = () => page.evaluate(() => document.activeElement.getAttribute("aria-label") ?? document.activeElement.textContent.trim());
  const tabTo = async (name) => {
    for (let count = 0; count < 80; count += 1) {
      await page.keyboard.press("Tab");
      if (await focus() === name) return;
    }
    assert.fail(`Tab does not lead to ${name}`);
  };
  await tabTo("p4: Off");
  await page.keyboard.press("Enter");
  assert.equal(await page.evaluate(() => document.activeElement.id), "p4");
  await tabTo("On: p4");
  await page.keyboard.press("Enter");
  await badge(page, "p4", "Running");
  await tabTo("Off: p4");
  await page.keyboard.press("Enter");
  await page.getByRole("dialog").waitFor();
  assert.equal(await focus(), "Cancel");
  await tabTo("Cut the power");
  await page.keyboard.press("Enter");
  await badge(page, "p4", "Off");
  await page.context().close();
});

test("light, dark and a phone: nothing that an accessibility checker finds", async () => {
  const sizes = { desk: { width: 1360, height: 900 }, phone: { width: 390, height: 844 } };
  for (const colorScheme of ["light", "dark"]) {
    for (const [name, viewport] of Object.entries(sizes)) {
      const page = await rig.signedIn({ colorScheme, viewport });
      await card(page, "p1").locator("dd", { hasText: /\d\s°C/ }).waitFor();
      assert.deepEqual(await rig.violations(page), [], `${name}, ${colorScheme}`);
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      assert.ok(overflow <= 0, `${name} is ${overflow} px too wide`);
      await picture(page, `${name}-${colorScheme}`);
      await card(page, "p1").getByRole("button", { name: "Console: p1" }).click();
      await page.locator("#console .xterm").waitFor();
      assert.deepEqual(await rig.violations(page), [], `console, ${name}, ${colorScheme}`);
      await picture(page, `${name}-${colorScheme}-console`);
      await page.context().close();
    }
  }
});

test("the choice of colours is remembered", async () => {
  const page = await rig.signedIn({ colorScheme: "light" });
  const theme = () => page.evaluate(() => document.documentElement.dataset.theme);
  const change = page.locator("#theme");
  assert.equal(await theme(), "light");
  await change.click();
  await change.click();
  assert.equal(await theme(), "dark");
  await page.reload();
  await page.locator("article.node").first().waitFor();
  assert.equal(await theme(), "dark");
  await page.context().close();
});

test("signing out ends the session", async () => {
  const page = await rig.signedIn();
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.locator("#sign-in").waitFor();
  await page.reload();
  await page.locator("#sign-in").waitFor();
  await page.context().close();
});

test("no browser complained of anything, such as a violation of the page's policy", () => {
  assert.deepEqual(rig.problems, []);
});
