// Opens the page in headless Chromium and asserts that what it shows are the bot's own numbers.
//
//   node test/browser.mjs --url http://127.0.0.1:8787 --token TOKEN [--shots DIR]
//
// Each comparison reads /api/state between two equal looks at the page, so that a number that changes meanwhile is asked
// again instead of being called wrong. Exit codes: 0 all equal, 1 not, 77 no Chromium here.
import { existsSync, mkdirSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";

const browserPath = process.env.MLBOT_CHROMIUM ?? "/usr/bin/chromium";
const featureCount = 142;
const triesMax = 60;
const tryEveryMs = 400;
const sizes = [
  { name: "desktop", width: 1440, height: 900 },
  { name: "phone", width: 400, height: 860 },
];

function check(condition, what) {
  if (!condition) throw new Error(what);
}

/** The number in a text of the page: thin spaces, true minus and a unit behind it are taken off. */
export function numberIn(text) {
  const found = /[+\-]?\d[\d.]*(?:e[+\-]?\d+)?/.exec(text.replaceAll("\u202f", "").replaceAll("\u2212", "-"));
  return found ? Number(found[0]) : null;
}

/** Equal up to the last digit that is shown. */
export function shows(text, value) {
  if (value === null || value === undefined) return text.trim().startsWith("\u2013");
  const shown = numberIn(text);
  if (shown === null) return false;
  const digits = /\d[\d.]*(?:e[+\-]?\d+)?/.exec(text.replaceAll("\u202f", "").replaceAll("\u2212", "-"))[0];
  const [mantissa, exponent = "0"] = digits.split("e");
  const decimals = (mantissa.split(".")[1] ?? "").length;
  return Math.abs(shown - value) <= 0.5000001 * 10 ** (Number(exponent) - decimals);
}

function look(page) {
  return page.evaluate(() => {
    const text = (selector) => document.querySelector(selector)?.textContent ?? "";
    const rows = (selector) =>
      [...document.querySelectorAll(`${selector} tbody tr`)].map((row) => ({
        key: row.dataset.key,
        cells: Object.fromEntries([...row.cells].map((cell) => [cell.dataset.label, cell.textContent])),
      }));
    return {
      state: text("#state-word"),
      equity: text("#equity"),
      dayPnl: text("#day-pnl"),
      drawdown: text("#drawdown"),
      selected: text("#card-price").replace("Price ", ""),
      features: [...document.querySelectorAll(".cell")].map((cell) => ({
        name: cell.querySelector(".cell-name").textContent,
        shown: cell.querySelector(".cell-value").textContent,
        value: cell.dataset.value ?? null,
        hatched: cell.classList.contains("hatched"),
      })),
      voids: [...document.querySelectorAll(".voids li")].map((row) => ({
        cause: row.querySelector("span").textContent,
        features: row.title,
      })),
      symbols: rows(".symbols").map((row) => ({ key: row.key, why: row.cells.Why, edge: row.cells.Edge })),
      positions: rows(".positions").map((row) => ({
        key: row.key,
        size: row.cells.Size,
        entry: row.cells.Entry,
        mark: row.cells.Mark,
        stop: row.cells["Stop at venue"],
      })),
      orders: rows(".orders").map((row) => ({ key: row.key, price: row.cells.Price })),
      reasons: Object.fromEntries(
        [...document.querySelectorAll(".signals .chips li")].map((chip) => [chip.dataset.reason, chip.querySelector("b").textContent]),
      ),
      services: [...document.querySelectorAll(".services li")].map((row) => ({
        name: row.dataset.service,
        state: row.querySelector(".service-state").textContent,
      })),
    };
  });
}

function compare(seen, state, texts) {
  check(seen.state === state.header.state, `state: page ${seen.state}, bot ${state.header.state}`);
  check(shows(seen.equity, state.account.equity), `equity: page ${seen.equity}, bot ${state.account.equity}`);
  check(shows(seen.dayPnl, state.account.day_pnl), `day PnL: page ${seen.dayPnl}, bot ${state.account.day_pnl}`);
  check(shows(seen.drawdown, state.account.drawdown), `drawdown: page ${seen.drawdown}, bot ${state.account.drawdown}`);

  const symbol = state.symbols.find((one) => one.name === seen.selected);
  check(symbol, `the page shows symbol "${seen.selected}", which the bot does not know`);
  check(seen.features.length === featureCount, `the page has ${seen.features.length} feature cells`);
  seen.features.forEach((cell, i) => {
    const value = symbol.frame.values[i];
    check(cell.name === texts[i].name, `cell ${i + 1} is named ${cell.name}, the catalogue says ${texts[i].name}`);
    check(cell.value === (value === null ? null : String(value)), `${cell.name}: page holds ${cell.value}, bot ${value}`);
    check(shows(cell.shown, value), `${cell.name}: page shows ${cell.shown}, bot ${value}`);
    check(cell.hatched === (value === null), `${cell.name}: hatched is not "missing"`);
  });

  const voids = state.voids.filter((row) => row.symbol === seen.selected);
  check(seen.voids.length === voids.length, `the page explains ${seen.voids.length} kinds of void features, the bot ${voids.length}`);
  voids.forEach((row, i) => {
    check(seen.voids[i].cause === row.cause, `void: page says ${seen.voids[i].cause}, bot ${row.cause}`);
    check(seen.voids[i].features === row.features.join(" "), `${row.cause}: page names ${seen.voids[i].features}`);
  });

  check(seen.symbols.length === state.symbols.length, "as many symbol rows as symbols");
  for (const row of seen.symbols) {
    const one = state.symbols.find((s) => s.name === row.key);
    check(row.why === (one.decision?.reason ?? "no decision yet"), `${row.key}: page says ${row.why}, bot ${one.decision?.reason}`);
    check(shows(row.edge, one.decision?.edge_bps ?? null), `${row.key} edge: page ${row.edge}, bot ${one.decision?.edge_bps}`);
  }
  check(seen.positions.length === state.positions.length, "as many position rows as positions");
  for (const row of seen.positions) {
    const one = state.positions.find((p) => `${p.symbol}.${p.position_index}` === row.key);
    check(one, `position ${row.key} is not the bot's`);
    check(shows(row.size, one.size), `${row.key} size: page ${row.size}, bot ${one.size}`);
    check(shows(row.entry, one.entry_price), `${row.key} entry: page ${row.entry}, bot ${one.entry_price}`);
    check(shows(row.mark, one.mark_price), `${row.key} mark: page ${row.mark}, bot ${one.mark_price}`);
    check(row.stop.includes(one.stop_loss === null ? "no" : "yes"), `${row.key} stop: page ${row.stop}, bot ${one.stop_loss}`);
  }
  check(seen.orders.length === state.orders.length, "as many order rows as open orders");
  for (const row of seen.orders) {
    const one = state.orders.find((o) => (o.client_id || o.venue_id) === row.key);
    check(one && shows(row.price, one.price), `order ${row.key}: page ${row.price}, bot ${one?.price}`);
  }
  const reasons = Object.keys(state.reasons);
  check(Object.keys(seen.reasons).sort().join() === [...reasons].sort().join(), "reason codes counted by the page are the bot's");
  for (const reason of reasons) check(shows(seen.reasons[reason], state.reasons[reason]), `count of ${reason}`);
  check(seen.services.length === state.services.length, "as many services");
  for (const row of seen.services) {
    const one = state.services.find((s) => s.name === row.name);
    check(one && row.state.includes(one.state), `service ${row.name}: page ${row.state}, bot ${one?.state}`);
  }
}

/** Two steps, and focus never on the button that acts. */
async function checkControls(page) {
  await page.click(".controls .danger-outline");
  const focus = await page.evaluate(() => document.activeElement?.textContent);
  check(focus === "Keep as it is", `the dialog's first focus is on "${focus}"`);
  await page.keyboard.press("Enter");
  check(!(await page.evaluate(() => document.querySelector("dialog.confirm").open)), "Enter closes the question and does nothing");
}

async function checkDetail(page) {
  await page.focus(".cell[tabindex='0']");
  await page.keyboard.press("ArrowRight");
  const [name, detail] = await page.evaluate(() => [
    document.activeElement?.querySelector(".cell-name")?.textContent,
    document.querySelector(".detail")?.textContent ?? "",
  ]);
  check(name && detail.includes(name) && detail.includes("unit"), "the focused cell's definition and unit are shown");
  await page.evaluate(() => document.activeElement.blur());
}

async function shoot(page, directory) {
  mkdirSync(directory, { recursive: true });
  for (const theme of ["dark", "light"]) {
    for (const size of sizes) {
      await page.setViewportSize({ width: size.width, height: size.height });
      if ((await page.evaluate(() => document.documentElement.dataset.theme)) !== theme) await page.click("text=Theme");
      await page.evaluate(() => scrollTo(0, 0));
      await page.waitForTimeout(700);
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      check(overflow <= 0, `${size.name}: the page is ${overflow} px wider than the window`);
      await page.screenshot({ path: `${directory}/${theme}-${size.name}.png`, fullPage: true });
    }
  }
}

/** @returns the number of looks that were needed. */
export async function run({ url, token, shots }) {
  const bearer = { headers: { Authorization: `Bearer ${token}` } };
  const ask = async (path) => (await fetch(url + path, bearer)).json();
  const browser = await chromium.launch({
    executablePath: browserPath,
    headless: true,
    args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
  });
  try {
    const page = await browser.newPage({ viewport: { width: 1440, height: 900 }, colorScheme: "dark" });
    const complaints = [];
    page.on("pageerror", (error) => complaints.push(String(error)));
    page.on("console", (message) => {
      if (message.type() === "error") complaints.push(message.text());
    });
    page.on("request", (request) => {
      if (!request.url().startsWith(url) && !request.url().startsWith(url.replace("http", "ws"))) complaints.push(`asks elsewhere: ${request.url()}`);
    });
    await page.goto(`${url}/?token=${token}`);
    check(!page.url().includes("token"), "the token stays out of the address");
    await page.waitForSelector("body[data-state='ready']", { timeout: 20_000 });
    const texts = (await ask("/api/features")).features;
    let tries = 0;
    for (let last = ""; ; ) {
      tries += 1;
      const before = await look(page);
      const state = await ask("/api/state");
      const after = await look(page);
      if (JSON.stringify(before) === JSON.stringify(after)) {
        try {
          compare(before, state, texts);
          break;
        } catch (error) {
          last = error.message;
        }
      }
      if (tries >= triesMax) throw new Error(`page and bot do not agree after ${tries} looks; last: ${last}`);
      await page.waitForTimeout(tryEveryMs);
    }
    await checkControls(page);
    await checkDetail(page);
    if (shots) await shoot(page, shots);
    check(complaints.length === 0, `the browser complains: ${complaints.join("; ")}`);
    return tries;
  } finally {
    await browser.close();
  }
}

export function skipWithoutChromium() {
  if (existsSync(browserPath)) return;
  console.error(`browser test: no Chromium at ${browserPath}; run tools/setup test, or set MLBOT_CHROMIUM`);
  process.exit(77);
}

function option(name) {
  const at = process.argv.indexOf(`--${name}`);
  return at > 0 ? process.argv[at + 1] : undefined;
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const url = option("url");
  const token = option("token");
  if (!url || !token) {
    console.error("usage: node test/browser.mjs --url http://127.0.0.1:8787 --token TOKEN [--shots DIR]");
    process.exit(2);
  }
  skipWithoutChromium();
  run({ url, token, shots: option("shots") }).then(
    (tries) => console.log(`page and bot agree (${tries} looks)`),
    (error) => {
      console.error(`browser test: ${error.message}`);
      process.exit(1);
    },
  );
}
