// A thin line between phone and office: 50 kbit/s, 400 ms there and back, one segment in twenty lost. From the list
// of visits to a saved visit within six seconds, nineteen times in twenty; and how long the first sight takes.
// node slow.mjs [rounds]

import { connect, createServer } from 'node:net';
import { check, openBrowser, person, press, run, startDemo } from './lib.mjs';

const LINE = { bytesPerSecond: 50_000 / 8, oneWay: 200, lost: 0.05 };
/** A lost segment is sent again after the round trip in which its loss shows, and half of one more. */
const LOST_COSTS = 600;
const SEGMENT = 1400;

/** Marsaglia's xorshift, so that every run loses the same segments. */
function chance(seed) {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

/** One direction of the line, shared by all connections: what is said waits for what was said before. */
function pipe(random) {
  let free = 0;
  return (from, to) => {
    let last = 0;
    // In the order of its sending: two timers for one moment need not fire in the order in which they were set.
    const waiting = [];
    const next = () => {
      const segment = waiting.shift();
      if (to.destroyed) return;
      segment ? to.write(segment) : to.end();
    };
    const later = (segment) => {
      waiting.push(segment);
      setTimeout(next, Math.max(0, last - performance.now()));
    };
    from.on('data', (chunk) => {
      for (let at = 0; at < chunk.length; at += SEGMENT) {
        const segment = chunk.subarray(at, at + SEGMENT);
        const now = performance.now();
        free = Math.max(free, now) + (segment.length / LINE.bytesPerSecond) * 1000;
        // Behind a lost segment all others of its connection wait.
        last = Math.max(last, free + LINE.oneWay + (random() < LINE.lost ? LOST_COSTS : 0));
        later(segment);
      }
    });
    from.on('close', () => later(null));
    from.on('error', () => {});
  };
}

/** A thin line to `base`; its address. */
async function thin(base, ends) {
  const office = new URL(base);
  const random = chance(20_261);
  const [up, down] = [pipe(random), pipe(random)];
  const server = createServer((phone) => {
    phone.setNoDelay(true);
    // The handshake takes a round trip before the first byte.
    phone.pause();
    setTimeout(() => {
      const far = connect(Number(office.port), office.hostname);
      far.setNoDelay(true);
      up(phone, far);
      down(far, phone);
      phone.resume();
    }, 2 * LINE.oneWay);
  });
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  ends(() => server.close());
  return `http://127.0.0.1:${server.address().port}`;
}

const quantile = (times, q) => [...times].sort((a, b) => a - b)[Math.min(times.length - 1, Math.floor(times.length * q))];

run(async (ends) => {
  const rounds = Number(process.argv[2] ?? 12);
  const demo = await startDemo();
  ends(demo.stop);
  const base = await thin(demo.base, ends);
  const browser = await openBrowser();
  ends(() => browser.close());

  // Nothing of ours on the phone yet.
  const stranger = await browser.newContext({ viewport: { width: 390, height: 844 } });
  const first = await stranger.newPage();
  const begun = performance.now();
  await first.goto(`${base}/login`, { waitUntil: 'commit', timeout: 60_000 });
  await first.waitForSelector('[name=username]', { timeout: 60_000 });
  console.log(`first sight of the sign-in page, nothing stored: ${Math.round(performance.now() - begun)} ms`);
  await stranger.close();

  const { context, page } = await person(browser, demo.base, 'rep1', { place: null });
  context.setDefaultTimeout(20_000);
  // The same phone on a good line, for what is not measured; its session is good for every port of this machine.
  const good = await context.newPage();
  const all = (from, selector) => from.locator(selector).evaluateAll((links) => [...new Set(links.map((a) => a.getAttribute('href')))]);
  await good.goto('/customers');
  const customers = (await all(good, 'a[href^="/customers/0"]')).map((link) => `/visits/new?customer=${link.split('/').pop()}`);
  await good.goto('/visits');
  const known = new Set(await all(good, 'a[href^="/visits/0"]'));
  // The round of the day: a visit at each customer, planned before the phone sees the list.
  while (known.size < rounds + 5 && customers.length) {
    await good.goto(customers.pop());
    await good.locator('form[action="/visits"] button').last().click();
    await good.waitForURL(/done=planned/);
    for (const href of await all(good, 'a[href^="/visits/0"]')) known.add(href);
  }
  const planned = [];
  await good.goto('/visits');
  // Those that stand on the list's first page.
  for (const href of await all(good, 'a[href^="/visits/0"]')) {
    await good.goto(href);
    if (await good.locator('form[action$="/check-in"]').count()) planned.push(href);
  }
  // The first day on this phone: worker, style sheet and the pages for the road come in behind the first page.
  await page.goto(`${base}/visits`);
  await page.waitForTimeout(15_000);
  const times = [];
  const parts = { list: [], visit: [], saved: [] };
  for (const href of planned.slice(0, rounds)) {
    await page.goto(`${base}/`);
    await page.waitForTimeout(6_000);
    // In the background a browser draws once a second, and a press waits for two pictures.
    await page.bringToFront();

    const from = performance.now();
    await page.locator('nav a[href="/visits"], a[href="/visits"]').first().click();
    await page.waitForSelector(`a[href="${href}"]`);
    const listed = performance.now();
    await page.locator(`a[href="${href}"]`).first().click();
    await page.waitForSelector('form[action$="/check-in"]');
    const opened = performance.now();
    await page.locator('form[action$="/check-in"] button').first().click();
    await page.waitForSelector('form[action$="/check-out"]');
    const saved = performance.now();
    parts.list.push(listed - from);
    parts.visit.push(opened - listed);
    parts.saved.push(saved - opened);
    times.push(saved - from);
    // Out again, or the next check-in is refused.
    await good.goto(href);
    await good.fill('[name=result]', '慢网测试');
    const reason = good.locator('form[action$="/check-out"] [name=out_reason]');
    if (await reason.count()) await reason.fill('慢网测试');
    await press(good, '/check-out');
  }
  check(times.length >= Math.min(rounds, 10), 'visits enough to judge by');
  const show = (name, all) =>
    console.log(`${name}: median ${Math.round(quantile(all, 0.5))} ms, p95 ${Math.round(quantile(all, 0.95))} ms of ${all.length}`);
  show('  list', parts.list);
  show('  visit', parts.visit);
  show('  saved', parts.saved);
  show('list → customer’s visit → saved', times);
  check(quantile(times, 0.95) <= 6000, 'within six seconds, nineteen times in twenty');
});
