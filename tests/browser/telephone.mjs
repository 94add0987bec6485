// The customer writes and calls: steps 6 and 7 of the day, through the simulated modem and line.
// It touches only the browser and the simulator's control channel.

import { check, equal, openBrowser, person, press, run, shot, startDemo, text, until } from './lib.mjs';

await run(async (later) => {
  // The waiting time before a call counts as missed is shortened for the test where the server offers it.
  const demo = await startDemo({ box: true });
  later(() => demo.stop());
  const browser = await openBrowser();
  later(() => browser.close());
  const rep = await person(browser, demo.base, 'rep1');
  const clerk = await person(browser, demo.base, 'clerk1', { desk: true });
  const stranger = await person(browser, demo.base, 'rep2');

  // A customer of the rep's with a mobile number.
  await rep.page.goto('/customers');
  let number;
  let customer;
  for (const href of await rep.page.locator('a[href^="/customers/0"]').evaluateAll((all) => all.map((a) => a.getAttribute('href')))) {
    await rep.page.goto(href);
    const tel = await rep.page.locator('a[href^="tel:1"]').first().getAttribute('href', { timeout: 500 }).catch(() => null);
    if (tel) {
      number = tel.slice(4);
      customer = href;
      break;
    }
  }
  const name = (await rep.page.locator('h1').innerText()).split('\n')[0].trim();
  console.log(`the customer is ${name}`);

  // 6. A message goes out through the box and is delivered.
  await until('the box is online', async () => {
    await clerk.page.goto('/gateways');
    return /在线|[Oo]nline/.test(await text(clerk.page));
  }, { within: 20_000, every: 500 });
  await rep.page.goto(customer);
  await rep.page.goto(await rep.page.locator('a[href^="/sms/new"]').first().getAttribute('href'));
  const words = `您好，货已备好，${Date.now() % 100000}`;
  await rep.page.fill('[name=to]', number);
  await rep.page.fill('[name=text]', words);
  await press(rep.page, '/sms');
  await shot(rep.page, 'telephone-6-conversation');
  check(await rep.page.locator('.talk .me', { hasText: words }).count(), 'the message stands in the conversation');
  const delivered = await until('已送达 stands on the customer’s timeline', async () => {
    await rep.page.goto(`${customer}/timeline`);
    return rep.page.locator('li', { hasText: words }).filter({ hasText: '已送达' }).count();
  }, { within: 30_000, every: 300 });
  await shot(rep.page, 'telephone-6-delivered');
  console.log(`6 delivered after ${(delivered.took / 1000).toFixed(1)} s`);

  // Its answer shows in the customer's timeline and in the rep's inbox.
  demo.play('sms', number, '收到，谢谢 👍');
  await until('the answer stands in the rep’s inbox', async () => {
    await rep.page.goto('/sms');
    return (await text(rep.page)).includes('收到，谢谢 👍');
  }, { within: 15_000, every: 300 });
  await rep.page.goto(`${customer}/timeline`);
  check((await text(rep.page)).includes('收到，谢谢 👍'), 'and in the customer’s timeline');
  await stranger.page.goto('/sms');
  check(!(await text(stranger.page)).includes('收到，谢谢 👍'), 'and nowhere else');

  // 7. The customer calls: a popup on every open page of the owner and of the clerk.
  await Promise.all([rep.page.goto('/'), clerk.page.goto('/'), stranger.page.goto('/')]);
  await rep.page.waitForTimeout(500);
  const rang = performance.now();
  demo.play('call', number);
  const popup = (who) => until(`${who.username} sees the popup`, async () => (await text(who.page)).includes(name) && who.page.locator('[role=alertdialog]').count(), { within: 5000, every: 20 });
  await Promise.all([popup(rep), popup(clerk)]);
  const took = performance.now() - rang;
  await shot(rep.page, 'telephone-7-popup-rep');
  await shot(clerk.page, 'telephone-7-popup-clerk');
  check(took <= 1500, `the popup came only after ${took.toFixed(0)} ms`);
  check(!(await stranger.page.locator('[role=alertdialog]').count()), 'nobody else sees it');
  console.log(`7 the popup stood on both pages ${took.toFixed(0)} ms after the line rang`);

  // Nobody answers. A person says so at once; otherwise the timer does.
  await until('the call is in the log', async () => {
    await clerk.page.goto('/calls');
    return (await text(clerk.page)).includes(name);
  }, { within: 20_000, every: 300 });
  const call = await clerk.page.locator('a[href^="/calls/0"]', { hasText: name }).first().getAttribute('href');
  await until('the ringing has ended', async () => {
    await clerk.page.goto(call);
    return clerk.page.locator('[name=answer][value=no]').count();
  }, { within: 20_000, every: 300 });
  const missed = clerk.page.locator('button[name=answer][value=no]');
  check(await missed.count(), `somebody can say that nobody took it: ${await text(clerk.page)}`);
  await Promise.all([clerk.page.waitForNavigation(), missed.first().click()]);
  await until('a call-back task stands in the rep’s list', async () => {
    await rep.page.goto('/tasks');
    const all = await text(rep.page);
    return /回拨|[Cc]all back/.test(all) && all.includes(name);
  }, { within: 10_000, every: 300 });
  await shot(rep.page, 'telephone-7-callback');
  for (const who of [rep, clerk, stranger]) equal(who.faults.join('\n'), '', `${who.username} saw no fault`);
  console.log('7 nobody answered; the rep has a call to return');
});
