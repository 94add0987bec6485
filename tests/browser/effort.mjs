// What each daily errand costs a hand: node effort.mjs
// It walks them on a phone and counts taps, fields that are typed, and pages that are loaded. The numbers stand in
// effort.txt beside this file: a page that costs a tap more shows as a difference there. UPDATE=1 writes them anew.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { check, equal, openBrowser, person, photo, root, run, startDemo, text, until } from './lib.mjs';

const file = join(root, 'tests/browser/effort.txt');
const counted = [];

/** An errand in progress. It begins on the first page; what is done through it is counted. */
class Errand {
  taps = 0;
  typed = 0;
  loads = 0;

  constructor(who) {
    this.page = who.page;
    this.load = () => (this.loads += 1);
  }

  /** Taps something, and waits for the page that it leads to. */
  async tap(what, { leads = false } = {}) {
    this.taps += 1;
    const target = (typeof what === 'string' ? this.page.locator(what) : what).locator('visible=true').first();
    if (leads) await Promise.all([this.page.waitForEvent('domcontentloaded'), target.click()]);
    else await target.click();
  }

  go(what) {
    return this.tap(what, { leads: true });
  }

  /** Fills a field in. */
  async type(what, words) {
    this.typed += 1;
    await this.page.locator(what).first().fill(words);
  }
}

/** Walks an errand of somebody from the first page, and notes what it cost. */
async function errand(name, who, walk, start = '/') {
  await who.page.goto(start);
  const way = new Errand(who);
  who.page.on('domcontentloaded', way.load);
  await walk(way, who.page);
  who.page.off('domcontentloaded', way.load);
  counted.push([name, way.taps, way.typed, way.loads]);
  console.log(`${name}: ${way.taps} taps, ${way.typed} typed, ${way.loads} loads`);
}

const link = (page, href) => page.locator(`main a[href^="${href}"], .bar a[href^="${href}"], header a[href^="${href}"]`);
const told = (page) => until('the page says that it is done', () => page.locator('.toast').count());

await run(async (later) => {
  const demo = await startDemo({ box: true });
  later(() => demo.stop());
  const browser = await openBrowser();
  later(() => browser.close());
  const rep = await person(browser, demo.base, 'rep1');
  const manager = await person(browser, demo.base, 'manager1');

  await errand('R1 see where to go next', rep, async (_, page) => {
    check(await page.locator('main a[href^="/visits/0"]').count(), 'the next stop stands on the first page');
  });
  await errand('R2 plan a visit for tomorrow', rep, async (way, page) => {
    await way.go(page.locator('.tab a[href="/visits"]'));
    await way.go(page.locator('header a[href^="/visits/new"]'));
    await way.type('[name=q]', '金穗');
    await way.tap(page.locator('button[name=find]'));
    await until('the search found them', async () => (await page.locator('.opt:visible', { hasText: '金穗' }).count()) > 0);
    await way.tap(page.locator('.opt:visible', { hasText: '金穗' }));
    await way.tap(page.locator('button', { hasText: '明天' }));
    await way.tap(page.locator('button', { hasText: '订货补货' }));
    await way.go(page.locator('button:not([name])', { hasText: '加入计划' }));
  });
  // The rep stands at the customer's door, whoever is first today.
  await rep.page.goto('/');
  const visit = await rep.page.locator('main a.btn[href^="/visits/0"]').first().getAttribute('href');
  // The page is not opened: its script would measure the place where the phone is now.
  const place = (await (await rep.page.request.get(visit)).text()).match(/data-locate="([\d.]+),([\d.]+)"/);
  const [latitude, longitude] = place.slice(1).map(Number);
  await rep.page.context().setGeolocation({ latitude, longitude, accuracy: 12 });
  await errand('R3 check in', rep, async (way, page) => {
    await way.go(page.locator('main a.btn[href^="/visits/0"]'));
    await way.tap(page.locator('button', { hasText: '签到' }));
    await page.waitForSelector('form[action$="/check-out"]');
  });
  await errand('R4 take a photo', rep, async (way, page) => {
    // 拍照 and the shutter of the phone's camera.
    way.taps += 2;
    await page.locator('input[type=file]').first().setInputFiles(await photo(page));
    await page.waitForSelector(`img[src^="${visit}/photos/"]`);
  }, visit);
  await errand('R5 order five goods from a visit, one of them searched', rep, async (way, page) => {
    await way.go(link(page, '/orders/new?'));
    const more = page.locator('.goods:visible button', { hasText: /^\+|＋$/ });
    for (let place = 0; place < 4; place += 1) await way.tap(more.nth(place));
    const before = await page.locator('.goods:visible').count();
    await way.type('#f-q', '吡虫啉');
    await until('the search is shown', async () => (await page.locator('.goods:visible').count()) !== before);
    await way.tap(more.nth(0));
    await way.go(page.locator('button', { hasText: '下一步' }));
    check(/5/.test(await page.locator('h2', { hasText: '明细' }).first().innerText()), 'five goods are on the order');
    await way.tap(page.locator('button', { hasText: '提交' }));
    await told(page);
  }, visit);
  await errand('R6 write the result and check out', rep, async (way, page) => {
    await way.type('[name=result]', '客户要货，下周送');
    await way.tap(page.locator('button', { hasText: '签退' }));
    await until('the visit is over', async () => (await page.locator('form[action$="/check-out"]').count()) === 0);
  }, visit);
  await errand('R7 book a payment', rep, async (way, page) => {
    await way.go(page.locator('.tab a[href="/customers"]'));
    await way.type('input[name=q]', '高密田园');
    way.taps += 1;
    await Promise.all([page.waitForEvent('domcontentloaded'), page.press('input[name=q]', 'Enter')]);
    await way.go(link(page, '/customers/0'));
    await way.go(link(page, '/payments/new?'));
    await way.type('[name=amount]', '100');
    await way.tap(page.locator('button', { hasText: '保存回款' }));
    await told(page);
  });
  await errand('R8 answer a message', rep, async (way, page) => {
    await way.go(page.locator('nav.acts a[href="/sms"]'));
    await way.go(link(page, '/sms/0'));
    await way.type('textarea', '明天上午送到');
    await way.tap(page.locator('button', { hasText: '发送' }));
    await until('the message stands in the conversation', async () => (await text(page)).includes('明天上午送到'));
  });
  await errand('R9 return a missed call', rep, async (way, page) => {
    await way.go(page.locator('nav.strip a[href^="/calls"]'));
    way.taps += 1;
    check(await page.locator('a[href^="tel:"]').count(), 'the row dials');
  });
  await errand('R10 make a task for a customer', rep, async (way, page) => {
    await way.go(link(page, '/tasks/new?'));
    await way.type('[name=title]', '带样品过去');
    await way.tap(page.locator('button', { hasText: '明天' }));
    await way.tap(page.locator('button', { hasText: '保存' }));
    await told(page);
  }, await customerOf(rep.page));
  await errand('R11 look up stock', rep, async (way, page) => {
    await way.go(page.locator('nav.acts a[href="/stock"]'));
    await way.type('input[name=q]', '吡虫啉');
    way.taps += 1;
    await Promise.all([page.waitForEvent('domcontentloaded'), page.press('input[name=q]', 'Enter')]);
    check((await text(page)).includes('吡虫啉'), 'what is there stands in the row');
  });
  await errand('R12 read a customer’s history', rep, async (way, page) => {
    await way.go(page.locator('.tab a[href="/customers"]'));
    await way.go(link(page, '/customers/0'));
    check((await text(page)).includes('往来记录'), 'the history stands on the page');
  });
  await errand('M1 approve the two that wait', manager, async (way, page) => {
    for (let left = 2; left > 0; left -= 1) {
      await way.tap(page.locator('form[action$="/decision"] button'));
      await until('it is decided', async () => (await page.locator('form[action$="/decision"]').count()) === left - 1, { within: 8000 });
    }
  });
  await errand('M2 see who visited whom', manager, async (way, page) => {
    await way.go(link(page, '/visits?view=team'));
    check((await text(page)).includes('王芳'), 'the team is shown');
  });
  await errand('M3 give a task', manager, async (way, page) => {
    await way.go(page.locator('nav.acts a[href="/tasks"]'));
    await way.go(page.locator('header a[href^="/tasks/new"]'));
    await way.type('[name=title]', '补签合同');
    await way.tap('select[name=owner_id]');
    await page.selectOption('select[name=owner_id]', { label: '王芳' });
    await way.tap(page.locator('button', { hasText: '保存' }));
    await told(page);
  });

  const width = Math.max(...counted.map(([name]) => name.length));
  const lines = counted.map(([name, ...numbers]) => `${name.padEnd(width)} ${numbers.map((n) => String(n).padStart(5)).join(' ')}`);
  const table = `${'# errand, from the first page'.padEnd(width)}  taps typed loads\n${lines.join('\n')}\n`;
  if (process.env.UPDATE) writeFileSync(file, table);
  equal(table, readFileSync(file, 'utf8'), 'what errands cost; UPDATE=1 node tests/browser/effort.mjs writes it anew');
  for (const who of [rep, manager]) equal(who.faults.join('\n'), '', `${who.username} saw no fault`);
});

/** The page of a customer. */
async function customerOf(page) {
  await page.goto('/customers');
  return page.locator('main a[href^="/customers/0"]').first().getAttribute('href');
}
