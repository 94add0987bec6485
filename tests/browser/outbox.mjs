// Written where there is no network, sent when there is one again: exactly once, even when the browser was
// killed in between.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { check, equal, launchProfile, openBrowser, person, run, shot, startDemo, text, until } from './lib.mjs';

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
    await page.locator('form[action$="/check-in"] button').first().click();
    await until('the form is kept', async () => /待发送|[Ww]aiting|[Qq]ueued/.test(await page.locator('.toast').innerText()), { within: 12_000 });
  }
  await shot(page, 'outbox-waiting');
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
  for (const href of visits) {
    await until(`${href} is checked in`, async () => {
      await manager.page.goto(href);
      return /拜访中|[Uu]nder way/.test(await text(manager.page));
    }, { within: 20_000, every: 300 });
  }
  await page.goto('/outbox');
  await until('the outbox is empty', async () => !/签到|[Cc]heck-in/.test(await text(page)), { within: 10_000, every: 300 });
  console.log('two check-ins written without a network arrived once each, over the death of the browser');
});

async function signIn(page) {
  await page.fill('[name=username]', 'rep1');
  await page.fill('[name=password]', 'fieldline');
  await page.click('form[action="/login"] button');
  await page.waitForURL((url) => url.pathname === '/');
}
