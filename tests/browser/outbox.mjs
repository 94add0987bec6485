// Written where there is no network, sent when there is one again: exactly once, even when the browser was
// killed in between.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { check, equal, launchProfile, openBrowser, person, photo, run, shot, startDemo, text, until } from './lib.mjs';

await run(async (later) => {
  const demo = await startDemo();
  later(() => demo.stop());
  const profile = mkdtempSync(join(tmpdir(), 'fieldline-profile-'));
  later(() => rmSync(profile, { recursive: true, force: true }));

  let context = await launchProfile(profile, demo.base);
  let page = context.pages()[0] ?? (await context.newPage());
  await page.goto('/login');
  await signIn(page);
  await until('the service worker is in charge', () => page.evaluate(() => navigator.serviceWorker?.controller !== null), { within: 10_000 });

  // Two visits of today, looked at while there was a network.
  await page.goto('/visits');
  const all = await page.locator('a[href^="/visits/0"]').evaluateAll((links) => [...new Set(links.map((a) => a.getAttribute('href')))]);
  const visits = [];
  for (const href of all) {
    await page.goto(href);
    if (await page.locator('form[action$="/check-in"]').count()) visits.push(href);
    if (visits.length === 2) break;
  }
  equal(visits.length, 2, 'visits that wait');
  await page.goto('/tasks/new');
  await page.goto('/customers?view=quiet');
  const customer = await page.locator('a[href^="/customers/0"]').first().getAttribute('href');
  const called = await page.locator(`a[href="${customer}"] b`).first().innerText();
  await until('the customers for the road are on the phone', () => page.evaluate(async () => !!(await caches.match('/customers/pocket'))), { within: 15_000 });

  // The network goes. Pages that were seen can still be read, and forms are kept.
  await context.setOffline(true);
  for (const href of visits) {
    await page.goto(href);
    check(await page.locator('form[action$="/check-in"]').count(), `${href} can be read without a network`);
    await page.click('button[form="check-in"]');
    await kept(page);
    // The visit goes on: what follows the check-in is here.
    check(await page.locator('form[action$="/check-out"]').isVisible(), `${href} can be gone on with`);
    check(!(await page.locator('form[action$="/check-in"]').count()), `${href} is not checked in twice`);
    check(/已签到（待发送）/.test(await text(page)), `${href} says that the check-in waits`);
  }
  await shot(page, 'outbox-waiting');
  // The whole of the second one, over a look at other pages.
  await page.fill('[name=result]', '没有网络也写得下');
  await page.goto('/visits');
  await until('the list says what waits', () => page.locator('a.cell', { hasText: '已签到（待发送）' }).count(), { within: 5000 });
  await shot(page, 'outbox-list-of-visits');
  await page.goto(visits[1]);
  await until('what was typed is here again', async () => (await page.inputValue('[name=result]')) === '没有网络也写得下');
  await page.locator('input[type=file]').setInputFiles(await photo(page));
  await until('the photo waits', async () => (await waiting(page)).some((action) => action.endsWith('/photos')), { within: 10_000 });
  await page.fill('[name=out_reason]', '客户在冷库');
  await page.click('button[form="check-out"]');
  await until('the check-out waits', async () => /已签退（待发送）/.test(await text(page)), { within: 10_000 });
  await shot(page, 'outbox-visited');
  equal((await waiting(page)).filter((action) => action.startsWith(visits[1])).map((action) => action.split('/')[3]).join(), 'check-in,photos,check-out', 'in their order');
  // A customer whose page was never opened is found in the list for the road, and so is any other.
  await page.goto(customer);
  equal(new URL(page.url()).pathname + new URL(page.url()).hash, `/customers/pocket#${customer.split('/')[2]}`, 'where it leads');
  equal(await page.locator(':target b').innerText(), called, 'the customer');
  await shot(page, 'pocket');
  const rows = page.locator('[data-k]:visible');
  const all_rows = await rows.count();
  const digits = (await page.locator(':target a[href^="tel:"]').getAttribute('href')).slice(-4);
  await page.fill('[name=q]', digits);
  check((await rows.count()) < all_rows && (await page.locator(':target').isVisible()), 'found by the last digits');
  await page.fill('[name=q]', await page.locator(':target').getAttribute('data-k'));
  check(await page.locator(':target').isVisible(), 'found by initials');
  await shot(page, 'pocket-found');
  await page.goto('/outbox');
  await until('the outbox lists what waits', async () => /签到|[Cc]heck-in/.test(await text(page)), { within: 5000 });
  await shot(page, 'outbox-list');

  // The browser dies; what was written does not.
  const session = await context.newCDPSession(page);
  await session.send('Browser.crash').catch(() => {});
  await context.close().catch(() => {});
  context = await launchProfile(profile, demo.base);
  later(() => context.close());
  page = context.pages()[0] ?? (await context.newPage());
  await page.goto('/');
  // The session's cookie went with the browser; the outbox waits for the same person.
  if (new URL(page.url()).pathname === '/login') await signIn(page);
  const browser = await openBrowser();
  later(() => browser.close());
  const manager = await person(browser, demo.base, 'manager1');
  await until(`${visits[0]} is checked in`, async () => {
    await manager.page.goto(visits[0]);
    return /拜访中/.test(await text(manager.page));
  }, { within: 20_000, every: 300 });
  await until(`${visits[1]} arrived as a whole`, async () => {
    await manager.page.goto(visits[1]);
    const all = await text(manager.page);
    return /已拜访/.test(all) && all.includes('没有网络也写得下') && (await manager.page.locator('.photos img').count()) === 1;
  }, { within: 20_000, every: 300 });
  await page.goto('/outbox');
  await until('the outbox is empty', async () => !/签到|[Cc]heck-in/.test(await text(page)), { within: 10_000, every: 300 });
  console.log('a check-in and a whole visit written without a network arrived once each, over the death of the browser');
});

async function kept(page) {
  await until('the form is kept', async () => /待发送|[Ww]aiting|[Qq]ueued/.test(await page.locator('.toast').innerText()), { within: 12_000 });
}

/** The addresses of what waits, in order. */
function waiting(page) {
  return page.evaluate(() => new Promise((ok, no) => {
    const open = indexedDB.open('fieldline', 1);
    open.onerror = no;
    open.onsuccess = () => {
      const all = open.result.transaction('out').objectStore('out').getAll();
      all.onsuccess = () => {
        open.result.close();
        ok(all.result.map((entry) => entry.action));
      };
    };
  }));
}

async function signIn(page) {
  await page.fill('[name=username]', 'rep1');
  await page.fill('[name=password]', 'fieldline');
  await page.click('form[action="/login"] button');
  await page.waitForURL((url) => url.pathname === '/');
}
