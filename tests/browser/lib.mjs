// What the browser tests stand on: a demo server of their own, people in browsers of their own, short words.

import { spawn, execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const target = process.env.FIELDLINE_TARGET ?? join(root, 'target');
const programs = process.env.FIELDLINE_PROGRAMS ?? join(target, 'debug');
const require = createRequire(join(target, 'browser', 'package.json'));
const { chromium } = require('playwright-core');
export const axeSource = require('axe-core').source;
export const shots = join(target, 'screenshots');

export function check(truth, words) {
  if (!truth) throw new Error(words);
}

export function equal(actual, expected, words) {
  check(actual === expected, `${words}: ${JSON.stringify(actual)} in place of ${JSON.stringify(expected)}`);
}

/** Waits until `look` gives something true; says how long it took. */
export async function until(words, look, { within = 5000, every = 50 } = {}) {
  const begun = performance.now();
  let last;
  while (performance.now() - begun < within) {
    try {
      const found = await look();
      if (found) return { found, took: performance.now() - begun };
    } catch (error) {
      last = error;
    }
    await new Promise((done) => setTimeout(done, every));
  }
  throw new Error(`not within ${within} ms: ${words}${last ? ` (${last.message.split('\n')[0]})` : ''}`);
}

/** Starts `server demo` in a folder of its own. */
export async function startDemo({ box = false, customers = 300, environment = {} } = {}) {
  const data = mkdtempSync(join(tmpdir(), 'fieldline-browser-'));
  const all = ['demo', '--data', data, '--listen', '127.0.0.1:0', '--mqtt-listen', '127.0.0.1:0', '--customers', `${customers}`];
  if (!box) all.push('--no-box');
  const child = spawn(join(programs, 'server'), all, {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, FIELDLINE_LOG: 'warn', ...environment },
  });
  const gone = new Promise((done) => child.once('exit', done));
  let playDir;
  const base = await new Promise((resolve, reject) => {
    let found;
    const lines = createInterface({ input: child.stdout });
    lines.on('line', (line) => {
      found ??= line.match(/https?:\/\/[0-9.:]+/)?.[0];
      playDir ??= line.match(/play --dir (\S+)/)?.[1];
      // The sign-ins are printed last: then the company is made.
      if (found && /clerk1/.test(line)) setTimeout(() => resolve(found), 300);
    });
    child.once('exit', (code) => reject(new Error(`the server ended with ${code}`)));
    setTimeout(() => reject(new Error('the server did not start in a minute')), 60_000).unref();
  });
  return {
    base,
    data,
    pid: child.pid,
    /** Plays the customer on the simulated line: `call NUMBER` or `sms NUMBER TEXT`. */
    play(...words) {
      check(playDir, 'no box was started');
      return execFileSync(join(programs, 'gateway-agent'), ['play', '--dir', playDir, ...words], { encoding: 'utf8' });
    },
    async stop() {
      child.kill('SIGTERM');
      const patience = setTimeout(() => child.kill('SIGKILL'), 8000);
      await gone;
      clearTimeout(patience);
      rmSync(data, { recursive: true, force: true });
    },
  };
}

// Debian's Chromium. Without these flags it asks the world for things.
const launching = {
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: [
    '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
    '--disable-component-update', '--disable-sync', '--disable-dev-shm-usage',
  ],
};

export async function openBrowser() {
  mkdirSync(shots, { recursive: true });
  return chromium.launch(launching);
}

/** A browser whose storage outlives it, in a folder. */
export async function launchProfile(folder, base) {
  mkdirSync(shots, { recursive: true });
  const context = await chromium.launchPersistentContext(folder, {
    ...launching,
    viewport: { width: 390, height: 844 },
    locale: 'zh-CN',
    timezoneId: 'Asia/Shanghai',
    geolocation: PLACE,
    permissions: ['geolocation'],
    baseURL: base,
  });
  context.setDefaultTimeout(8000);
  return context;
}

/** Where the phone is: at the demo company's customers. */
export const PLACE = { latitude: 36.7069, longitude: 119.1618, accuracy: 12 };

/** A person with a phone (or, with `desk`, a wide screen). */
export async function person(browser, base, username, { scripts = true, lang = 'zh-CN', desk = false, place = PLACE, worker = true } = {}) {
  const context = await browser.newContext({
    viewport: desk ? { width: 1280, height: 800 } : { width: 390, height: 844 },
    deviceScaleFactor: desk ? 1 : 2,
    hasTouch: !desk,
    isMobile: !desk,
    javaScriptEnabled: scripts,
    serviceWorkers: worker ? 'allow' : 'block',
    locale: lang,
    timezoneId: 'Asia/Shanghai',
    geolocation: scripts && place ? place : undefined,
    permissions: scripts && place ? ['geolocation'] : [],
    baseURL: base,
  });
  context.setDefaultTimeout(8000);
  const page = await context.newPage();
  const faults = [];
  page.on('response', (response) => {
    if (response.status() >= 500) faults.push(`${response.status()} ${response.url()}`);
  });
  // A navigation that overtakes the transition of the one before it ends that transition; nothing is wrong then.
  page.on('pageerror', (error) => /Transition was (aborted|skipped)/.test(error.message) || faults.push(`script: ${error.message}`));
  page.on('console', (message) => {
    if (/Content Security Policy|Refused to/.test(message.text())) faults.push(message.text());
  });
  await page.goto('/login');
  if (lang === 'en') {
    // The switch, as a person uses it; the browser's own language already chose.
    equal(await page.locator('html').getAttribute('lang'), 'en', 'the page speaks the browser’s language');
  }
  await page.fill('[name=username]', username);
  await page.fill('[name=password]', 'fieldline');
  await page.click('form[action="/login"] button');
  await page.waitForURL((url) => url.pathname === '/');
  return { context, page, username, faults };
}

/** Presses the button of the form that goes to an address with this end, wherever on the page it stands. */
export async function press(page, end, button = 'button') {
  const form = page.locator(`form[action$="${end}"]`).first();
  const id = await form.getAttribute('id');
  // A button in the bar stands for the form's own.
  const outside = page.locator(button).and(page.locator(`[form="${id}"]`));
  const target = id && (await outside.count()) ? outside : form.locator(button);
  await answered(page, () => target.first().click());
}

/** Does what sends a form, and waits for its answer: another page, or the same one with new content in its place. */
export async function answered(page, act) {
  const token = await page.locator('[name=op_id]').first().inputValue().catch(() => '');
  const before = page.url();
  await act();
  const is = ([at, op]) => document.readyState === 'complete' && (location.href !== at || !document.querySelector(`[name=op_id][value="${op}"]`));
  await until('the form is answered', () => page.evaluate(is, [before, token]), { within: 8000 });
}

/** The text of a page as a person reads it. */
export async function text(page) {
  return (await page.locator('body').innerText()).replace(/\s+/g, ' ');
}

export async function shot(page, name) {
  await page.screenshot({ path: join(shots, `${name}.png`) });
}

/** A photo as a camera gives it. */
export async function photo(page) {
  return page.context().newPage().then(async (blank) => {
    await blank.setContent('<body style="background:linear-gradient(135deg,#2a6,#963);height:100vh">仓库</body>');
    const bytes = await blank.screenshot({ type: 'jpeg', quality: 90 });
    await blank.close();
    return { name: 'IMG_0001.jpg', mimeType: 'image/jpeg', buffer: bytes };
  });
}

/** Runs a test and ends everything that it began. */
export async function run(work) {
  const ends = [];
  let failed = false;
  try {
    await work((end) => ends.push(end));
  } catch (error) {
    failed = true;
    console.error(error.stack ?? error);
  }
  for (const end of ends.reverse()) {
    try {
      await end();
    } catch (error) {
      console.error(`at the end: ${error.message}`);
    }
  }
  process.exit(failed ? 1 : 0);
}
