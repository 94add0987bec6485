// Nothing typed is lost: every form of the route table is filled in as the role that has it and left in every way
// there is; what was typed must be there again.
// node forms.mjs

import { check, equal, openBrowser, person, run, startDemo, until } from './lib.mjs';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

/** Addresses whose forms are not walked, and why. */
const NOT_WALKED = [
  [/^\/(login|setup|me\/password)$/, 'passwords are not kept'],
  [/^\/me\/push/, 'posted by a script, as JSON'],
  [/^\/sms$/, 'the page before it, which is walked, has the fields; this one shows them'],
  [/\/(withdrawal|cancellation|deletion|restoration|retry|recall|settlement|ending|confirmation|reading|opt-out)$/, 'a button alone'],
  [/^\/campaigns\/:id\/(picks|release|pause|resumption)$/, 'buttons and boxes to tick'],
  [/^\/popup\/:call\/handover$/, 'a choice of colleagues, in a call that rings'],
  [/^\/gateways\/:id\/(balance|code|logs|update|revocation|failures\/:failure)$/, 'a button alone'],
  [/^\/gateways\/claim$/, 'only a box that waits to be claimed shows its form'],
];
const excused = (path) => NOT_WALKED.some(([pattern]) => pattern.test(path));

/** Pages of one route that are looked at for each role: records in different states have different forms. */
const EACH = 6;

const program = join(process.env.FIELDLINE_PROGRAMS ?? 'target/debug', 'server');

function routes() {
  const text = execFileSync(program, ['routes'], { encoding: 'utf8' });
  return [...text.matchAll(/^(GET|POST) (\S+) /gm)].map(([, method, path]) => ({
    method,
    path,
    test: new RegExp(`^${path.replace(/[.]/g, '\\.').replace(/:[a-z]+/g, '[^/]+').replace(/\*.*$/, '.*')}$`),
    fixed: path.split('/').filter((piece) => !piece.startsWith(':')).length,
  }));
}

/** The route of an address: the one with the most fixed pieces. */
function routeOf(table, method, path) {
  const found = table.filter((route) => route.method === method && route.test.test(path));
  return found.sort((a, b) => b.fixed - a.fixed)[0]?.path;
}

/** The forms of a page: action, names of the fields that are typed, all fields as they stand. Runs in the browser. */
const READ = (html) => {
  const page = html ? new DOMParser().parseFromString(html, 'text/html') : document;
  const typed = 'input:not([type]),input[type=text],input[type=tel],input[type=email],input[type=search],input[type=date],textarea';
  const links = [...page.querySelectorAll('a[href^="/"]')].map((a) => a.getAttribute('href'));
  const forms = [...page.querySelectorAll('form')].filter((f) => f.matches('[method=post]')).map((f) => ({
    action: f.getAttribute('action'),
    others: [...f.elements].map((e) => e.getAttribute('formaction')).filter(Boolean),
    typed: [...f.elements].filter((e) => e.matches(typed) && e.name && e.autocomplete !== 'one-time-code').map((e) => e.name),
    secret: [...f.elements].some((e) => e.type === 'password'),
    fields: [...f.elements]
      .filter((e) => e.name && !['file', 'submit', 'button'].includes(e.type) && (!['checkbox', 'radio'].includes(e.type) || e.checked))
      .map((e) => [e.name, e.value]),
  }));
  return { links, forms };
};

/** Every page with a form, one of each kind: [{ path, action, names }]. */
async function findForms(table, who, first, seen) {
  const tab = await who.context.newPage();
  await tab.goto('/me');
  const waiting = first.concat(table.filter((route) => route.method === 'GET' && !/[:*]/.test(route.path)).map((route) => route.path));
  const asked = new Set();
  const times = new Map();
  const found = [];
  const leave = /^\/(live|sw\.js|manifest|assets|icons|gallery|setup|login)/;
  while (waiting.length) {
    const address = waiting.shift();
    const path = address.split(/[?#]/)[0];
    const route = routeOf(table, 'GET', path);
    const count = times.get(route) ?? 0;
    if (!route || asked.has(address) || leave.test(path) || count >= (/:/.test(route) ? EACH : 3)) continue;
    asked.add(address);
    times.set(route, count + 1);
    const answer = await who.page.request.get(address, { maxRedirects: 0 });
    if (answer.status() !== 200 || !(answer.headers()['content-type'] ?? '').startsWith('text/html')) continue;
    const { links, forms } = await tab.evaluate(READ, await answer.text());
    waiting.push(...links);
    for (const [place, form] of forms.entries()) {
      const to = routeOf(table, 'POST', form.action.split('?')[0]);
      check(to, `${address} has a form to ${form.action}, which is no route`);
      for (const action of [form.action, ...form.others]) seen.add(routeOf(table, 'POST', action.split('?')[0]));
      if (!form.typed.length || excused(to)) continue;
      const kind = `${route} → ${to}: ${[...new Set(form.typed.map((name) => name.replace(/\d+$/, '#')))].join(' ')}`;
      if (seen.has(kind)) continue;
      seen.add(kind);
      found.push({ kind, path: address, action: form.action, place });
    }
  }
  await tab.close();
  return found;
}

/** Types into every text field of a form; what was typed, by name and place. Runs in the browser. */
const TYPE = ([action, salt]) => {
  const f = [...document.querySelectorAll('form')].find((one) => one.matches('[method=post]') && one.getAttribute('action') === action);
  const typed = 'input:not([type]),input[type=text],input[type=tel],input[type=email],input[type=search],input[type=date],textarea';
  const set = [];
  for (const [n, e] of [...f.elements].filter((one) => one.matches(typed) && one.name && one.autocomplete !== 'one-time-code').entries()) {
    const value = e.type === 'date' ? '2027-01-15' : e.inputMode === 'decimal' ? String(1 + (n % 9)) : `${salt}${n}`.slice(0, e.maxLength > 0 ? e.maxLength : 40);
    e.value = value;
    e.dispatchEvent(new Event('input', { bubbles: true }));
    set.push([e.name, value]);
  }
  return set;
};

/** What stands in the fields. Runs in the browser. */
const STANDS = ([action, html]) => {
  const page = html ? new DOMParser().parseFromString(html, 'text/html') : document;
  // A page may have the same fields in a form that leads elsewhere, with a button for this address.
  const leads = (one) => one.getAttribute('action') === action || one.querySelector(`button[formaction="${action}"]`);
  const f = [...page.querySelectorAll('form[method=post]')].find(leads);
  return f ? [...f.elements].filter((e) => e.name).map((e) => [e.name, e.value]) : null;
};

/** Presses the form's own button, past the browser's checks. Runs in the browser. */
const SEND = (action) => {
  const f = [...document.querySelectorAll('form')].find((one) => one.matches('[method=post]') && one.getAttribute('action') === action);
  f.noValidate = true;
  const button = [...f.elements].find((e) => e.type === 'submit' && !e.name && !e.hasAttribute('formaction'));
  f.requestSubmit(button);
};

/** The outbox as text; with `empty`, nothing is left in it. Runs in the browser. */
const OUTBOX = (empty) =>
  new Promise((ok, no) => {
    const open = indexedDB.open('fieldline', 1);
    open.onerror = no;
    open.onsuccess = () => {
      const store = open.result.transaction('out', 'readwrite').objectStore('out');
      const all = store.getAll();
      all.onsuccess = () => {
        if (empty) store.clear();
        open.result.close();
        ok(JSON.stringify(all.result));
      };
    };
  });

function missing(set, stands) {
  if (!stands) return 'the form is gone';
  const left = [...stands];
  for (const [name, value] of set) {
    const at = left.findIndex(([n, v]) => n === name && v.replace(/\r\n/g, '\n') === value);
    if (at < 0) return `${name} is ${JSON.stringify(left.filter(([n]) => n === name).map(([, v]) => v))} in place of ${JSON.stringify(value)}`;
    left.splice(at, 1);
  }
  return '';
}

async function holds(page, form, set, words) {
  let why = '';
  await until(`${form.kind}: ${words}`, async () => {
    why = missing(set, await page.evaluate(STANDS, [form.action]));
    return !why;
  }, { within: 3000, every: 25 }).catch((error) => {
    throw new Error(`${form.path}, ${form.kind}, ${words}: ${why || error.message}`);
  });
}

/** The same form as a browser without scripts sends it after the session ended, signs in and goes on. */
async function withoutScripts(base, who, tab, form, fields, set) {
  const post = async (path, body, cookie = '') => {
    const answer = await fetch(base + path, {
      method: 'POST',
      redirect: 'manual',
      headers: { origin: base, referer: base + form.path, cookie, 'content-type': 'application/x-www-form-urlencoded', 'accept-language': 'zh-CN' },
      body: new URLSearchParams(body),
    });
    return { status: answer.status, html: await answer.text(), cookies: answer.headers.getSetCookie() };
  };
  const read = async (html) => (await tab.evaluate(READ, html)).forms;
  const turned = await post(form.action, fields);
  equal(turned.status, 401, `${form.kind}: the session ended`);
  const door = (await read(turned.html)).find((one) => one.action === '/login');
  const kept = Object.fromEntries(door.fields);
  check(kept.kept, `${form.kind}: the sign-in page keeps the form`);
  const inside = await post('/login', { ...kept, username: who.username, password: 'fieldline' });
  equal(inside.status, 200, `${form.kind}: after signing in`);
  const sid = inside.cookies.find((one) => one.startsWith('sid=')).split(';')[0];
  const on = (await read(inside.html)).find((one) => one.action === form.action);
  check(on, `${form.kind}: the way on to the form`);
  const shown = await post(form.action, on.fields, sid);
  check([200, 409, 422].includes(shown.status), `${form.kind}: the form again: ${shown.status}`);
  const why = missing(set, await tab.evaluate(STANDS, [form.action, shown.html]));
  check(!why, `${form.path}, ${form.kind}, session ended without scripts: ${why}`);
}

async function walk(base, who, page, tab, form) {
  const address = form.path.split('#')[0];
  await page.goto(address);
  const set = await page.evaluate(TYPE, [form.action, '写了一半']);
  const fields = (await page.evaluate(READ)).forms.find((one) => one.action === form.action).fields;
  const queues = await page.locator(`form[action="${form.action}"][data-offline]`).count();

  await page.reload();
  await holds(page, form, set, 'reloaded');
  check(await page.locator('.kept button').count(), `${form.kind}: it is said that the text was put back`);
  await page.goto('/me');
  await page.goBack();
  await holds(page, form, set, 'back');
  await page.goForward();
  await page.goto(address);
  await holds(page, form, set, 'another page and here again');

  await who.context.setOffline(true);
  await page.evaluate(SEND, form.action);
  if (queues) {
    await until(`${form.kind}: kept in the outbox`, async () => !missing(set, JSON.parse(await page.evaluate(OUTBOX, false)).at(-1)?.fields), { within: 3000 });
    await page.evaluate(OUTBOX, true);
    await who.context.setOffline(false);
    // What follows a form that waits may have taken its place.
    if (!(await page.locator(`form[action="${form.action}"]`).count())) await page.goto(address);
    await page.evaluate(TYPE, [form.action, '写了一半']);
  } else {
    await until(`${form.kind}: told that there is no network`, () => page.locator('.toast').count(), { within: 3000 });
    await holds(page, form, set, 'offline');
  }
  await who.context.setOffline(false);

  const [sid] = (await who.context.cookies()).filter((cookie) => cookie.name === 'sid');
  await who.context.clearCookies({ name: 'sid' });
  await page.evaluate(SEND, form.action);
  await page.waitForURL(/\/login\?next=/);
  if (queues) {
    check(!missing(set, JSON.parse(await page.evaluate(OUTBOX, false)).at(-1)?.fields), `${form.kind}: kept in the outbox when the session ended`);
    await page.evaluate(OUTBOX, true);
    await who.context.addCookies([sid]);
  } else {
    await who.context.addCookies([sid]);
    await page.goto(new URL(page.url()).searchParams.get('next'));
    await holds(page, form, set, 'session ended');
  }

  await page.evaluate(() => localStorage.clear());
  await withoutScripts(base, who, tab, form, fields, set);
}

/** Presses the button that ends a form and has no name. */
async function save(page, action) {
  await Promise.all([page.waitForNavigation(), page.evaluate(SEND, action)]);
  return new URL(page.url()).pathname;
}

/** A draft with one line of goods. */
async function draft(page, path, action) {
  await page.goto(path);
  await page.locator('[name^=quantity]').first().fill('1');
  return save(page, action);
}

/** What the demo company lacks, made by whom it concerns; the pages to begin with. */
const begin = {
  async rep1({ page }) {
    await page.goto('/visits');
    for (const href of await page.locator('a[href^="/visits/0"]').evaluateAll((links) => links.map((a) => a.getAttribute('href')))) {
      await page.goto(href);
      if (!(await page.locator('form[action$="/check-in"]').count())) continue;
      await page.evaluate(SEND, `${href}/check-in`);
      await page.waitForSelector('form[action$="/check-out"]');
      break;
    }
    await page.goto('/customers');
    const customer = (await page.locator('a[href^="/customers/0"]').first().getAttribute('href')).split('/')[2];
    return [await draft(page, `/orders/new?customer=${customer}`, '/orders'), `/quotes/new?customer=${customer}`];
  },
  async manager1() {
    return [];
  },
  async clerk1({ page }) {
    const issue = await draft(page, '/goods-issues/new', '/goods-issues');
    const count = await draft(page, '/stock-counts/new', '/stock-counts');
    await page.goto('/campaigns/occasions/new');
    for (const [name, value] of [['name', '秋播'], ['month', '9'], ['day', '20'], ['text', '秋播时节，祝生意兴隆']]) await page.fill(`[name=${name}]`, value);
    await save(page, '/campaigns/occasions');
    await page.goto('/campaigns/new');
    await page.fill('[name=name]', '补货提醒');
    await page.fill('[name=text]', '秋季农资已到货，欢迎选购');
    return [issue, count, '/campaigns/occasions', await save(page, '/campaigns')];
  },
  async admin() {
    return ['/gateways'];
  },
};

await run(async (later) => {
  const demo = await startDemo({ box: true });
  later(() => demo.stop());
  const browser = await openBrowser();
  later(() => browser.close());
  const begun = performance.now();
  const table = routes();
  const seen = new Set();
  const people = [];
  for (const username of ['rep1', 'manager1', 'clerk1', 'admin']) people.push(await person(browser, demo.base, username, { worker: false, place: null }));
  const work = [];
  for (const who of people) {
    work.push([who, await findForms(table, who, await begin[who.username](who), seen)]);
  }
  const open = table.filter((route) => route.method === 'POST' && !seen.has(route.path) && !excused(route.path)).map((route) => route.path);

  const wrong = [];
  await Promise.all(work.map(async ([who, forms]) => {
    const tab = await who.context.newPage();
    await tab.goto('/me');
    for (const form of forms) {
      try {
        await walk(demo.base, who, who.page, tab, form);
      } catch (error) {
        wrong.push(error.message.split('\n')[0]);
        await who.context.setOffline(false);
        if (!(await who.context.cookies()).some((cookie) => cookie.name === 'sid')) Object.assign(who, await person(browser, demo.base, who.username, { worker: false, place: null }));
        await who.page.evaluate(() => localStorage.clear()).catch(() => {});
      }
    }
    equal(who.faults.join('\n'), '', `${who.username} saw no fault`);
  }));
  for (const [who, forms] of work) for (const form of forms) console.log(`${who.username}  ${form.kind}`);
  const count = work.reduce((all, [, forms]) => all + forms.length, 0);
  console.log(`${count} forms, left in seven ways each, in ${((performance.now() - begun) / 1000).toFixed(0)} s`);
  for (const [pattern, why] of NOT_WALKED) console.log(`not walked: ${pattern.source}: ${why}`);
  check(wrong.length === 0, `${wrong.length} of ${count} forms lose something:\n${wrong.join('\n')}`);
  check(open.length === 0, `no page with a form to: ${open.join(', ')}`);
});
