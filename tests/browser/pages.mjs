// Every GET page: its bytes on the wire, and what axe-core says of the main ones.
// node pages.mjs bytes|axe

import { execFileSync } from 'node:child_process';
import { axeSource, check, openBrowser, person, run, startDemo } from './lib.mjs';
import { join } from 'node:path';

/** One first flight of TCP: ten segments. */
const MOST_BYTES = 14_000;
/** What a phone fetches in vain: the sheet of wide screens, with its head. */
const MOST_DESK_BYTES = 4_000;

/** Every GET route with real records in it, as `role path`. */
export async function addresses(base, people) {
  const program = join(process.env.FIELDLINE_PROGRAMS ?? 'target/debug', 'server');
  const routes = execFileSync(program, ['routes'], { encoding: 'utf8' });
  const paths = [...routes.matchAll(/^GET (\S+) /gm)].map((hit) => hit[1]);
  const found = [];
  // The gallery shows every component at once, to those who build them.
  const skip = ['/live', '/sw.js', '/manifest.webmanifest', '/setup', '/gallery'];
  const links = {};
  for (const path of paths.filter((path) => !path.includes(':') && !path.includes('*') && !skip.includes(path))) {
    for (const who of people) {
      const answer = await who.page.request.get(path, { maxRedirects: 0 });
      if (answer.status() !== 200 || !(answer.headers()['content-type'] ?? '').startsWith('text/html')) continue;
      found.push({ who, path });
      const html = await answer.text();
      for (const hit of html.matchAll(/href="(\/[a-z]+)\/([0-9a-z]{13})"/g)) links[hit[1]] ??= { who, id: hit[2] };
      break;
    }
  }
  // Records: from the lists' own links; what stands below a record takes its id.
  for (const path of paths.filter((path) => path.includes(':id'))) {
    const record = links[`/${path.split('/')[1]}`];
    if (!record) continue;
    const real = path.replace(':id', record.id);
    if (real.includes(':')) continue;
    for (const who of [record.who, ...people]) {
      const answer = await who.page.request.get(real, { maxRedirects: 0 });
      if (answer.status() === 200 && (answer.headers()['content-type'] ?? '').startsWith('text/html')) {
        found.push({ who, path: real });
        break;
      }
    }
  }
  const customer = links['/customers'];
  if (customer) {
    found.push({ who: customer.who, path: `/orders/new?customer=${customer.id}` });
    found.push({ who: customer.who, path: `/quotes/new?customer=${customer.id}` });
    found.push({ who: customer.who, path: `/visits/new?customer=${customer.id}` });
  }
  return found;
}

/** The words that stand in tags and their colours, and what is broken over two lines that must not be. */
const seen = () => ({
  tags: [...document.querySelectorAll('.tag')].map((tag) => [tag.textContent, [...tag.classList].find((name) => name !== 'tag')]),
  broken: [...document.querySelectorAll('.nb, span.num, b.num, a[href^="tel:"]')].filter((e) => new Set([...e.getClientRects()].map((line) => Math.round(line.bottom))).size > 1).map((e) => e.textContent),
});

/** What a page needs to be readable: the document, its styles and icons; pictures and deferred scripts apart. */
async function weigh(who, path) {
  // As on a phone that has nothing of ours.
  await who.context.clearCookies({ name: 'css' });
  const page = await who.context.newPage();
  const session = await who.context.newCDPSession(page);
  await session.send('Network.enable');
  await session.send('Network.setCacheDisabled', { cacheDisabled: true });
  const kinds = new Map();
  let bytes = 0;
  let scripts = 0;
  let desk = 0;
  session.on('Network.responseReceived', (event) => kinds.set(event.requestId, [event.type, event.response.url]));
  session.on('Network.loadingFinished', (event) => {
    const [type, url] = kinds.get(event.requestId) ?? ['Other', ''];
    // A phone fetches the sheet of wide screens behind everything, once, and waits for it nowhere.
    if (/\/assets\/desk\./.test(url)) desk += event.encodedDataLength;
    else if (['Document', 'Stylesheet', 'Font'].includes(type)) bytes += event.encodedDataLength;
    if (type === 'Script') scripts += event.encodedDataLength;
  });
  await page.goto(path, { waitUntil: 'load' });
  await page.waitForTimeout(60);
  const found = await page.evaluate(seen);
  await page.close();
  return { bytes, scripts, desk, ...found };
}

async function bytes(base, people) {
  const all = [];
  for (const { who, path } of await addresses(base, people)) all.push({ path, ...(await weigh(who, path)) });
  all.sort((a, b) => b.bytes - a.bytes);
  console.log(`${all.length} pages; the heaviest:`);
  for (const { path, bytes: weight, scripts } of all.slice(0, 12)) console.log(`  ${weight} bytes  ${path}  (scripts apart: ${scripts})`);
  check(all.length > 30, `only ${all.length} pages were weighed`);
  const desk = Math.max(...all.map((page) => page.desk));
  console.log(`the sheet of wide screens, apart: ${desk} bytes`);
  check(desk <= MOST_DESK_BYTES, `the sheet of wide screens is ${desk} bytes`);
  const over = all.filter((page) => page.bytes > MOST_BYTES || page.bytes === 0);
  check(over.length === 0, `over ${MOST_BYTES} bytes: ${over.map((page) => `${page.path} ${page.bytes}`).join(', ')}`);
  // One word has one colour, in whatever list it stands. Figures are no words.
  const colours = new Map();
  for (const { path, tags } of all) {
    for (const [word, colour] of tags.filter(([word]) => !/\d/.test(word))) {
      const first = colours.get(word) ?? colours.set(word, { colour, path }).get(word);
      check(first.colour === colour, `“${word}” is ${first.colour} on ${first.path} and ${colour} on ${path}`);
    }
  }
  check(colours.size > 10, `only ${colours.size} words of state were seen`);
  const broken = all.filter((page) => page.broken.length);
  check(broken.length === 0, `broken over two lines: ${broken.map((page) => `${page.path} ${page.broken.join(' | ')}`).join('; ')}`);
  const heavy = all.filter((page) => page.scripts > 8000);
  check(heavy.length === 0, `scripts over 8000 bytes: ${heavy.map((page) => `${page.path} ${page.scripts}`).join(', ')}`);
}

const LOOKS = ['', 'dark', 'large', 'large.dark'];

async function axe(base, people) {
  const wrong = [];
  let looked = 0;
  const main = (await addresses(base, people)).filter(({ path }) => /^\/($|login|customers|visits|orders|approvals|tasks|me|sms|calls|products|stock|payments)/.test(path));
  for (const [place, { who, path }] of main.entries()) {
    // Each page in one language, theme, size and width; together they see all.
    const look = LOOKS[place % LOOKS.length];
    const lang = place % 3 === 0 ? 'en' : 'zh-CN';
    const width = [320, 390, 1280][place % 3];
    await who.context.addCookies([{ name: 'look', value: look || 'light', url: base }, { name: 'lang', value: lang, url: base }]);
    const page = await who.context.newPage();
    await page.setViewportSize({ width, height: 844 });
    await page.goto(path);
    const result = await page.evaluate(`(() => { ${axeSource}; return axe.run(document, { runOnly: ['wcag2a','wcag2aa','wcag21a','wcag21aa','wcag22aa'] }); })()`);
    looked += 1;
    for (const violation of result.violations) {
      wrong.push(`${path} ${lang} ${look || 'light'} ${width}: ${violation.id} (${violation.nodes.length}) ${violation.nodes[0].target} ${violation.nodes[0].failureSummary?.split('\n')[1]?.trim() ?? ''}`);
    }
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    if (wide > 0) wrong.push(`${path} ${lang} ${look || 'light'} ${width}: ${wide} px wider than the screen`);
    await page.close();
  }
  console.log(`${looked} pages looked at`);
  check(looked > 15, `only ${looked} pages were looked at`);
  check(wrong.length === 0, `${wrong.length} violations:\n${wrong.join('\n')}`);
}

// Other scripts use the addresses.
if (process.argv[1].endsWith('pages.mjs')) await run(async (later) => {
  const demo = await startDemo();
  later(() => demo.stop());
  const browser = await openBrowser();
  later(() => browser.close());
  const people = [];
  for (const username of ['rep1', 'manager1', 'clerk1', 'admin']) {
    // What a service worker hands over has no bytes on the wire.
    people.push(await person(browser, demo.base, username, { worker: false }));
  }
  if (process.argv[2] === 'axe') await axe(demo.base, people);
  else await bytes(demo.base, people);
});
