// One working day, on phones: node day.mjs [scripts|plain] [zh-CN|en]
// It touches only the browser; each step is checked by what another person sees.

import { check, equal, openBrowser, person, photo, press, run, shot, startDemo, text, until } from './lib.mjs';

const scripts = (process.argv[2] ?? 'scripts') !== 'plain';
const lang = process.argv[3] ?? 'zh-CN';
const label = `${scripts ? 'day' : 'plain'}-${lang}`;
const id = (href) => href.match(/[0-9a-z]{13}/)[0];
const open = { scripts, lang };

await run(async (later) => {
  const demo = await startDemo({ box: true });
  later(() => demo.stop());
  const browser = await openBrowser();
  later(() => browser.close());
  const started = performance.now();
  const step = (words) => console.log(`${((performance.now() - started) / 1000).toFixed(1)} s  ${words}`);

  // 1. The workbench, and where its numbers lead.
  const rep = await person(browser, demo.base, 'rep1', open);
  const page = rep.page;
  const strip = await page.locator('nav.strip a').evaluateAll((links) => links.map((link) => link.getAttribute('href')));
  for (const wanted of ['/visits', '/tasks', '/calls', '/sms']) {
    check(strip.some((href) => href.startsWith(wanted)), `the workbench leads to ${wanted}: ${strip}`);
  }
  await shot(page, `${label}-1-workbench`);
  for (const href of strip) {
    const answer = await page.goto(href);
    equal(answer.status(), 200, href);
  }
  step('1 the workbench leads to visits, tasks, missed calls and unread messages');

  // 2. Finding a customer; and the rows that are not there.
  await page.goto('/');
  const visitHref = await page.locator('a[href^="/visits/0"]').first().getAttribute('href');
  await page.goto(visitHref);
  const customerHref = await page.locator('a[href^="/customers/0"]').first().getAttribute('href');
  await page.goto(customerHref);
  const name = (await page.locator('h1').innerText()).split('\n')[0].trim();
  const tel = (await page.locator('a[href^="tel:"]').first().getAttribute('href')).slice(4);
  const letters = await firstLetters(page);
  const chinese = [...name].filter((c) => /[一-龥]/.test(c)).join('');
  for (const q of [letters.slice(0, 2), chinese.slice(-4, -2), tel.slice(-4)]) {
    await page.goto('/customers');
    await page.fill('input[name=q]', q);
    await page.press('input[name=q]', 'Enter');
    await page.waitForURL(/[?&]q=/);
    let found = await page.locator(`a[href="${customerHref}"]`).count();
    for (let more = 2; !found && more < 8; more += 1) {
      await page.goto(`/customers?q=${encodeURIComponent(q)}&page=${more}`);
      found = await page.locator(`a[href="${customerHref}"]`).count();
    }
    check(found, `${q} finds ${name}`);
    if (q === tel.slice(-4)) await shot(page, `${label}-2-search`);
  }
  const other = await person(browser, demo.base, 'rep2', open);
  await other.page.goto('/customers');
  const foreign = await other.page.locator('a[href^="/customers/0"]').first().getAttribute('href');
  equal((await page.goto(foreign)).status(), 404, 'another department’s customer does not exist');
  equal((await other.page.goto(customerHref)).status(), 404, 'and the other way round');
  step(`2 ${name} is found by ${letters.slice(0, 2)}, ${chinese.slice(-4, -2)} and ${tel.slice(-4)}; others are not there`);

  // 3. The visit.
  await page.goto(visitHref);
  await press(page, '/check-in');
  check(await page.locator('form[action$="/check-out"]').count(), 'checked in');
  if (!scripts && lang === 'zh-CN') check((await text(page)).includes('无定位'), 'without scripts there is no position, and it says so');
  await page.locator('input[type=file]').first().setInputFiles(await photo(page));
  // With scripts a chosen photo sends itself, and the page stays.
  if (scripts) await page.waitForSelector(`img[src^="${visitHref}/photos/"]`);
  else await Promise.all([page.waitForNavigation(), page.click('button[formaction$="/photos"]')]);
  await until('the photo stands on the page', async () => {
    await page.goto(visitHref);
    return page.locator(`img[src^="${visitHref}/photos/"]`).count();
  });
  const src = await page.locator(`img[src^="${visitHref}/photos/"]`).first().getAttribute('src');
  equal((await page.request.get(src)).headers()['content-type'], 'image/jpeg', 'the photo');
  await shot(page, `${label}-3-visit-open`);
  const result = `客户库存不多，下周补货 ${label}`;
  await page.fill('[name=result]', result);
  const next = new Date(Date.now() + 8 * 3600e3 + 7 * 86400e3).toISOString().slice(0, 10);
  await page.fill('form[action$="/check-out"] [name=next_on]', next);
  const reason = page.locator('form[action$="/check-out"] [name=out_reason]');
  if (await reason.count()) await reason.fill('在客户仓库见面');
  await press(page, '/check-out');
  check(!(await page.locator('form[action$="/check-out"]').count()), 'checked out');
  check(await page.locator('.toast').count(), 'and it says so');
  if (scripts) {
    await page.reload();
    equal(await page.locator('.toast').count(), 0, 'once: not again after a reload');
  }
  const manager = await person(browser, demo.base, 'manager1', open);
  await manager.page.goto(visitHref);
  check((await text(manager.page)).includes(result), 'the manager reads the result');
  check(await manager.page.locator(`img[src^="${visitHref}/photos/"]`).count(), 'and sees the photo');
  await page.goto(`/visits?day=${next}`);
  check((await text(page)).includes(name), 'the next visit is planned');
  step('3 the visit is done, with a photo; the manager reads it; the next one is planned');

  // 4. The order, from the visit.
  await page.goto(visitHref);
  const orderHref = await page.locator('a[href^="/orders/new"]').first().getAttribute('href');
  await page.goto(orderHref);
  const rows = await page.locator('input[name^="product_id_"]').evaluateAll((inputs) => inputs.map((input) => input.name.slice(11)));
  check(rows.length >= 3, `products are offered: ${rows}`);
  const chosen = rows.slice(0, 3);
  const goods = (await page.locator('section.card', { has: page.locator(`[name=product_id_${chosen[0]}]`) }).last().locator('h2').innerText()).trim();
  for (const [place, row] of chosen.entries()) {
    const options = await page.locator(`select[name=unit_${row}] option`).evaluateAll((all) => all.map((option) => option.value));
    // Different units: the first, the second, the first again.
    const unit = options[place % 2 === 1 ? 1 : 0] ?? options[0];
    await page.selectOption(`select[name=unit_${row}]`, unit);
    await page.fill(`[name=quantity_${row}]`, place % 2 === 1 ? '2' : '60');
  }
  await shot(page, `${label}-4-order-form`);
  await sendOrder(page);
  await page.waitForURL(/\/orders\/0[0-9a-z]{12}/);
  let order = `/orders/${id(page.url())}`;
  if (!(await needsApproval(page))) await raise(page, order);
  await shot(page, `${label}-4-order`);

  const number = (await page.locator('h1').innerText()).match(/DD\d+-\d+/)[0];

  // 5. The manager is told, and approves in two taps.
  await manager.page.goto('/');
  const before = await badge(manager.page, '/approvals');
  await press(page, '/submission');
  const locked = await text(page);
  check(await page.locator('form[action$="/withdrawal"]').count(), `the order waits: ${locked.slice(0, 200)}`);
  const told = await until('the manager’s open page shows one more approval', async () => {
    if (!scripts) await manager.page.goto('/');
    return (await badge(manager.page, '/approvals')) === before + 1;
  }, { within: 4000 });
  await shot(manager.page, `${label}-5-told`);
  await manager.page.goto('/approvals');
  const card = await manager.page.locator('a[href^="/approvals/0"]', { hasText: number }).first().getAttribute('href');
  const clerk = await person(browser, demo.base, 'clerk1', { ...open, desk: true });
  const reserved = await reservedOf(clerk.page, goods);
  await manager.page.goto(card);
  const facts = await text(manager.page);
  check(facts.includes(name), 'the card names the customer');
  await shot(manager.page, `${label}-5-card`);
  await press(manager.page, '/decision', 'button[value=approve]');
  await shot(manager.page, `${label}-5-approved`);
  await page.goto(order);
  check(!(await page.locator('form[action$="/withdrawal"], form[action$="/submission"]').count()), 'the order is in force and locked');
  equal((await page.goto(`${order}/edit`)).status(), 409, 'a locked order cannot be edited');
  const after = await reservedOf(clerk.page, goods);
  check(after > reserved, `the stock is reserved: ${reserved} → ${after}`);
  step(`5 the manager was told within ${told.took.toFixed(0)} ms and approved; the clerk sees ${after - reserved} more reserved`);

  // 6. The customer gets a message by the approval's reaction, and its delivery shows on the order.
  const message = await until('已送达 stands on the order', async () => {
    await page.goto(order);
    return /已送达|Delivered/.test(await text(page));
  }, { within: 40_000, every: 300 });
  await shot(page, `${label}-6-delivered`);
  step(`6 the customer's message was delivered ${(message.took / 1000).toFixed(1)} s after the approval`);

  for (const who of [rep, other, manager, clerk]) equal(who.faults.join('\n'), '', `${who.username} saw no fault`);
  step('done');
});

/** The initials of the customer’s name: its mnemonic stands on its page, at the end of the details. */
async function firstLetters(page) {
  const cells = await page.locator('.cell .v').allInnerTexts();
  const letters = cells.map((cell) => cell.trim()).filter((cell) => /^[a-z0-9]{2,36}$/.test(cell));
  check(letters.length, `a mnemonic stands on the page: ${cells}`);
  return letters[letters.length - 1];
}

/** The order form has several buttons; the one that saves has no name. */
async function sendOrder(page) {
  const save = page.locator('form#order button:not([name]), button[form=order]:not([name])');
  await Promise.all([page.waitForNavigation(), save.last().click()]);
}

/** Whether the total, the first sum on the page, is over the rule’s amount. */
async function needsApproval(page) {
  const total = (await text(page)).match(/[\d,]+\.\d\d/)[0];
  return Number(total.replaceAll(',', '')) > 10_000;
}

/** More of the first line, so that the total is over the rule’s amount. */
async function raise(page, order) {
  await page.goto(`${order}/edit`);
  await page.fill('[name=quantity_0]', '250');
  await sendOrder(page);
  await page.waitForURL(new RegExp(`${order}(\\?|$)`));
  check(await needsApproval(page), 'the total is over the rule’s amount');
}

async function badge(page, href) {
  const found = await page.locator(`nav.strip a[href^="${href}"] .num`).first().innerText();
  return Number(found.split('/')[0]);
}

/** What is reserved of a product in all warehouses, as the clerk sees it. */
async function reservedOf(clerk, product) {
  await clerk.goto(`/stock?q=${encodeURIComponent(product.replace(/^.*%/, ''))}`);
  await clerk.goto(await clerk.locator('a[href^="/stock/0"]', { hasText: product }).first().getAttribute('href'));
  const words = await text(clerk);
  // 占用 250, 250 reserved
  const sums = [...words.matchAll(/占用\s*([\d,.]+)|([\d,.]+)\s*\S*\s*reserved/gi)].map((hit) => Number((hit[1] ?? hit[2]).replaceAll(',', '')));
  check(sums.length, `reserved stands on the stock page: ${words.slice(0, 300)}`);
  return sums.reduce((all, one) => all + one, 0);
}
