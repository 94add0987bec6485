// The wide screen: the menu on every page, tables that sort, keys, a record beside its list, and all of it without
// scripts but the keys and the pane.

import { axeSource, check, equal, openBrowser, person, run, startDemo, until, shots } from './lib.mjs';
import { addresses } from './pages.mjs';
import { join } from 'node:path';

const WIDE = { width: 1360, height: 900 };

/** What a wide page must have, whatever it shows. */
const frame = () => {
  const box = (selector) => document.querySelector(selector)?.getBoundingClientRect();
  const menu = document.querySelector('nav.tab, nav.side');
  const [main, header, bar] = [box('main'), box('header'), box('.bar:not(:has(#say))')];
  const cards = [...document.querySelectorAll('main > .card, main > form > .card, main > form, .list')].map((e) => [e, e.getBoundingClientRect()]).filter(([, b]) => b.height > 0);
  const touching = [];
  for (const [a, one] of cards) {
    for (const [b, other] of cards) {
      if (a === b || a.contains(b) || b.contains(a)) continue;
      const beside = one.left < other.right - 1 && other.left < one.right - 1;
      const gap = other.top - one.bottom;
      if (beside && gap > -4 && gap < 8) touching.push(`${a.className}|${b.className} ${Math.round(gap)}`);
    }
  }
  return {
    links: [...(menu?.querySelectorAll('a') ?? [])].filter((a) => a.getClientRects().length).length,
    current: menu?.querySelectorAll('[aria-current=page]').length,
    named: !!menu?.getAttribute('aria-label'),
    left: main && Math.round(main.left),
    right: main && Math.round(main.right),
    acts: !bar || (bar.top < header.bottom && bar.right > innerWidth / 2),
    wide: document.documentElement.scrollWidth - innerWidth,
    touching,
    // Each row has the columns that the heads name.
    columns: [...document.querySelectorAll('.list')].flatMap((list) => {
      const seen = (all) => [...all].filter((e) => getComputedStyle(e).display === 'table-cell').length;
      const heads = seen(list.querySelectorAll('.hd > *'));
      return [...list.querySelectorAll('a.cell')].map((row) => seen(row.querySelectorAll('*'))).filter((n) => n !== heads).map((n) => `${n} for ${heads}`);
    }),
  };
};

async function everywhere(demo, people) {
  const places = await addresses(demo.base, people);
  let left;
  for (const [place, { who, path }] of places.entries()) {
    if (path === '/login') continue;
    const { page } = who;
    await page.setViewportSize(WIDE);
    await page.emulateMedia({ colorScheme: place % 2 ? 'dark' : 'light' });
    await page.goto(path);
    if (!(await page.evaluate(() => document.body.dataset.user))) continue;
    const found = await page.evaluate(frame);
    check(found.links >= 7 && found.named, `${path}: a menu of ${found.links}`);
    check(found.current === 1, `${path}: ${found.current} entries are marked`);
    left ??= [found.left, found.right];
    equal(`${found.left} ${found.right}`, left.join(' '), `${path}: left and right edge`);
    check(found.acts, `${path}: the acts do not stand at the top right`);
    check(found.wide <= 0, `${path}: ${found.wide} px wider than the screen`);
    check(found.touching.length === 0, `${path}: cards touch: ${found.touching.join(', ')}`);
    check(found.columns.length === 0, `${path}: cells and heads differ: ${found.columns[0]}`);
    await page.setViewportSize({ width: 920, height: 900 });
    const narrow = await page.evaluate(frame);
    check(narrow.wide <= 0 && narrow.links === found.links, `${path} at 920: ${narrow.wide} px wider, ${narrow.links} links`);
    check(narrow.columns.length === 0, `${path} at 920: cells and heads differ: ${narrow.columns[0]}`);
    await page.setViewportSize({ width: 390, height: 844 });
    const phone = await page.evaluate(() => [...document.querySelectorAll('nav.tab a, nav.side a')].filter((a) => a.getClientRects().length).length);
    check(phone === 0 || (phone <= 5 && (await page.evaluate(() => document.body.classList.contains('tabbed')))), `${path}: a phone shows ${phone} links`);
  }
  console.log(`${places.length} pages have the menu`);
}

/** Column `n` of the list, as numbers where it holds amounts. */
const column = (page, n) =>
  page.evaluate((at) => [...document.querySelectorAll('.list a.cell')].map((row) => [...row.querySelectorAll('*')].filter((e) => getComputedStyle(e).display === 'table-cell')[at].textContent.replace(/[¥,]/g, '')), n);

async function headsSort(page) {
  const head = (label) => page.locator('.hd a', { hasText: label });
  await page.goto('/orders');
  const labels = await page.locator('.hd > *').allTextContents();
  const amount = labels.findIndex((label) => label.includes('金额'));
  const rising = (all) => all.every((value, at) => at === 0 || all[at - 1] <= value);
  await head('金额').click();
  await page.waitForURL(/sort=amount/);
  const most = (await column(page, amount)).map(Number);
  check(most.length > 10 && rising([...most].reverse()), `the largest first: ${most}`);
  await head('金额').click();
  await page.waitForURL(/dir=asc/);
  const least = (await column(page, amount)).map(Number);
  check(rising(least) && least[0] < most[0], `the smallest first: ${least}`);
  equal(await page.locator('.hd [aria-current=true]').textContent(), '金额 ↑', 'the head says so');
  // The next page goes on in the same order.
  await page.locator('.pager [rel=next]').click();
  await page.waitForURL(/page=2/);
  const next = (await column(page, amount)).map(Number);
  check(next[0] >= least.at(-1) && rising(next), `page 2: ${next}`);
  await page.goto('/stock');
  await head('可用').click();
  await page.waitForURL(/sort=available/);
  const left = (await column(page, 3)).map(parseFloat);
  check(rising(left), `what is short first: ${left}`);
  await page.goto('/products');
  await head('编码').click();
  await page.waitForURL(/sort=code/);
  check(rising(await column(page, 2)), 'products by code');
  await page.goto('/customers');
  await head('客户').click();
  await page.waitForURL(/sort=name/);
  equal(await page.locator('.hd [aria-current=true]').textContent(), '客户 ↑', 'customers by name');
}

async function keysAndPane(who) {
  const { page } = who;
  await page.goto('/orders');
  await until('the keys are there', () => page.locator('kbd').first().isVisible());
  await page.keyboard.press('/');
  equal(await page.evaluate(() => document.activeElement.name), 'q', '/ goes to the search');
  await page.keyboard.type('n/');
  equal(await page.inputValue('[name=q]'), 'n/', 'a field takes every key');
  await page.fill('[name=q]', '');
  await page.keyboard.press('Escape');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowDown');
  const second = await page.locator('.list a.cell').nth(1).getAttribute('href');
  equal(await page.evaluate(() => document.activeElement.getAttribute('href')), second, 'the arrow goes to the second row');
  await page.keyboard.press('Enter');
  await page.locator('.pane').waitFor();
  equal(new URL(page.url()).pathname, second, 'the address is the record’s');
  check(await page.locator('.list .on').count() === 1 && (await page.locator('.list').isVisible()), 'the list stays, its row is marked');
  await page.screenshot({ path: join(shots, 'desk-pane.png') });
  const violations = await page.evaluate(`(() => { ${axeSource}; return axe.run(document, { runOnly: ['wcag2a','wcag2aa','wcag21a','wcag21aa','wcag22aa'] }); })()`);
  check(violations.violations.length === 0, `beside the list: ${violations.violations.map((v) => `${v.id} ${v.nodes[0].target}`).join(', ')}`);
  // Another row takes its place: the way back is one step.
  await page.locator('.list a.cell').nth(4).click();
  const fifth = await page.locator('.list a.cell').nth(4).getAttribute('href');
  await page.waitForURL(`**${fifth}`);
  await page.goBack();
  await until('the pane is gone', async () => (await page.locator('.pane').count()) === 0);
  equal(new URL(page.url()).pathname, '/orders', 'Back leads to the list');
  await page.goForward();
  await page.locator('.pane').waitFor();
  await page.keyboard.press('Escape');
  await until('Escape leaves the pane', async () => (await page.locator('.pane').count()) === 0);
  // Reloaded, the address is the whole page.
  await page.locator('.list a.cell').first().click();
  await page.locator('.pane').waitFor();
  await page.reload();
  check((await page.locator('.pane').count()) === 0 && (await page.locator('main h2, main .money').first().isVisible()), 'the whole page');
  await page.goto('/orders');
  const [other] = await Promise.all([page.context().waitForEvent('page'), page.locator('.list a.cell').first().click({ modifiers: ['ControlOrMeta'] })]);
  check((await page.locator('.pane').count()) === 0, 'a click with Control opens a page of its own');
  await other.close();
  // A conversation has its line at the bottom of its own page.
  await page.goto('/sms');
  await page.locator('.list a.cell').first().click();
  await page.locator('#say').waitFor();
  equal(await page.locator('.pane').count(), 0, 'a conversation opens whole');
  await page.goto('/customers');
  await until('the keys are there', () => page.locator('kbd').first().isVisible());
  await page.keyboard.press('n');
  await page.waitForURL('**/customers/new');
}

/** What is typed into a form beside the list is kept and sent as on a page of its own. */
async function formsInThePane(who) {
  const { page } = who;
  await page.goto('/calls?view=missed');
  const missed = page.locator('.list a.cell').first();
  await missed.click();
  const note = page.locator('.pane textarea[name=note]');
  await note.waitFor();
  await note.fill('已约明天送货');
  await page.goBack();
  await until('the pane is gone', async () => (await page.locator('.pane').count()) === 0);
  await missed.click();
  await until('what was typed is back', async () => (await note.inputValue()) === '已约明天送货');
  const record = new URL(page.url()).pathname;
  await page.locator('.pane form[action$="/note"] button[formaction]').first().click();
  await until('the note is with the server', async () => (await (await page.request.get(record)).text()).includes('已约明天送货'));
  await until('the answer is shown', () => page.locator('.toast').count());
  await page.goBack();
  await until('Back leads to the list', () => page.locator('main a[href="/calls/callbacks"]').count());
}

/** Of two quick clicks the last one holds, also where its answer comes first. */
async function quickClicks(who) {
  const { page } = who;
  await page.goto('/orders');
  const rows = page.locator('.list a.cell');
  const [slow, quick] = [await rows.nth(2).getAttribute('href'), await rows.nth(3).getAttribute('href')];
  await page.route(`**${slow}`, async (route) => {
    await new Promise((done) => setTimeout(done, 900));
    await route.continue();
  });
  await rows.nth(2).click();
  await rows.nth(3).click();
  await until('the record is open', () => page.locator('.pane').count());
  await page.waitForTimeout(1500);
  equal(new URL(page.url()).pathname, quick, 'the address is that of the row that was clicked last');
  await page.unroute(`**${slow}`);
}

async function withoutScripts(browser, demo) {
  const { page, context } = await person(browser, demo.base, 'clerk1', { desk: true, scripts: false });
  await page.setViewportSize(WIDE);
  await page.goto('/orders');
  const found = await page.evaluate(frame);
  check(found.links >= 10 && found.columns.length === 0, 'menu and table');
  await page.locator('.hd a', { hasText: '金额' }).click();
  check(page.url().includes('sort=amount'), 'the head sorts');
  await page.locator('.list a.cell').first().click();
  await page.waitForURL(/\/orders\/\w+$/);
  await context.close();
}

await run(async (later) => {
  const demo = await startDemo();
  later(() => demo.stop());
  const browser = await openBrowser();
  later(() => browser.close());
  const people = [];
  for (const username of ['clerk1', 'admin', 'manager1', 'rep1']) {
    people.push(await person(browser, demo.base, username, { desk: true, worker: false }));
  }
  await everywhere(demo, people);
  const [clerk] = people;
  await clerk.page.setViewportSize(WIDE);
  await headsSort(clerk.page);
  await keysAndPane(clerk);
  await formsInThePane(clerk);
  await quickClicks(clerk);
  await withoutScripts(browser, demo);
  for (const who of people) check(who.faults.length === 0, `${who.username}: ${who.faults.join('; ')}`);
});
