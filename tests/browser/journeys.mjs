// What a security officer does from an empty collector to a decided risk, as the hand named in the task: a
// mouse, a keyboard alone, or a browser without scripts.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import assert from 'node:assert/strict';
import { check, end, fail, launch, logIn, open, task } from './common.mjs';
import { hands } from './hands.mjs';

const { options, of } = hands[task.hand];
const browser = await launch();
const { context, page } = await open(browser, options);
const hand = of(page);
// Pages that only a form leads to are looked at here: nobody finds them by following links.
if (task.hand === 'mouse') {
  const press = hand.press.bind(hand);
  hand.press = async selector => {
    await press(selector);
    await page.waitForLoadState();
    await check(page, `after ${selector}, ${new URL(page.url()).pathname}`);
  };
}
const go = path => page.goto(`${task.web}${path}`, { waitUntil: 'load' });
const text = () => page.locator('main').innerText();
const submit = path => `form[action="${path}"] button[type="submit"]`;

/** Runs a part of the journey; when it fails, a picture shows where. */
async function part(name, work) {
  const started = Date.now();
  try {
    await work();
    console.log(`${task.hand}: ${name} (${Date.now() - started} ms)`);
  } catch (error) {
    fail(`${task.hand}: ${name}: ${page.url()}: ${error.message}`);
    if (task.pictures) await page.screenshot({ path: `${task.pictures}/failed-${task.hand}.png`, fullPage: true });
    await browser.close();
    end();
  }
}

/** Loads a page again until it shows what is wanted. */
async function until(path, wanted) {
  for (let turn = 0; turn < 120; turn += 1) {
    await go(path);
    if (await wanted(await text())) return;
    await new Promise(resolve => setTimeout(resolve, 500));
  }
  throw new Error(`${path} does not show what was waited for: ${(await text()).slice(0, 300)}`);
}

await part('log in', async () => {
  await go('/');
  await hand.write('#name', task.people.all);
  await hand.write('#password', task.password);
  await hand.press(submit('/aanmelden'));
  await page.waitForURL(`${task.web}/`);
});

await part('first start says what to do', async () => {
  await go('/');
  for (const href of ['/assets/toevoegen', '/eigenaars/importeren']) {
    assert.ok(await page.locator(`main a[href^="${href}"]`).count() > 0, `${href} is proposed`);
  }
});

await part('import units', async () => {
  await hand.press('main a[href^="/eigenaars/importeren"]');
  await hand.write('#tabel', task.units);
  await hand.press(submit('/eigenaars/importeren'));
  assert.match(await text(), /BZ/);
  await hand.press(submit('/eigenaars/importeren/bevestigen'));
  await go('/eigenaars');
  assert.match(await text(), /Burgerzaken/);
});

await part('add a device with the copied command', async () => {
  await go('/assets');
  await hand.press('main a[href="/assets/toevoegen"]');
  await hand.write('#label', 'laptops Burgerzaken');
  await hand.press(submit('/assets/toevoegen/token'));
  const shown = (await page.locator('main pre').allInnerTexts()).join('\n');
  let command = shown;
  if (await page.locator('[data-copy]:visible').count() > 0) {
    await context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: task.web });
    await hand.press('[data-copy]');
    command = await page.evaluate(() => navigator.clipboard.readText());
    assert.ok(shown.includes(command.trim()), 'what is copied is what stands there');
  } else {
    assert.equal(options.javaScriptEnabled, false, 'there is a button to copy');
  }
  // As it was copied, with the program and the state of this test.
  const once = command.replace(/belfort-agent run\s*$/, 'belfort-agent once');
  assert.notEqual(once, command, 'the command lets the agent run');
  const script = once.replaceAll(/(^|\s)(sudo\s+(-E\s+)?)?belfort-agent\b/g, `$1"${task.agent}" --state "${task.state}"`);
  execFileSync('sh', ['-ec', script], { stdio: 'pipe', timeout: 60_000 });
  await until('/assets?bron=agent', shown => /1 asset/.test(shown));
});

await part('import assets', async () => {
  await go('/assets/toevoegen/import');
  await hand.write('#tekst', task.assets);
  await hand.press(submit('/assets/toevoegen/import'));
  await hand.press(submit('/assets/toevoegen/import/uitvoeren'));
  await go('/assets?per=25');
  assert.match(await text(), /201 assets/);
});

/** Gives every asset an owner; ends on the list that says so. */
async function giveAllAnOwner() {
  await go('/assets?eigenaar=geen&per=25');
  await hand.tick('tbody input[name="id"]');
  await hand.tick('#bulk input[name="alles"]');
  await hand.press('#bulk button[value="eigenaar"]');
  assert.match(await text(), /201 assets/);
  await hand.choose('#dienst', 'BZ');
  await hand.write('#functie', 'dienstchef Burgerzaken');
  await hand.press(submit('/assets/bulk'));
}

await part('give all assets an owner at once', async () => {
  await giveAllAnOwner();
  await page.waitForURL(/melding=bulk-eigenaar/);
  assert.match(await text(), /0 assets/);
});

await part('undo it, and do it again', async () => {
  await hand.press('.alert a[href^="/ongedaan-maken/"]');
  const undo = new URL(page.url()).pathname;
  assert.match(await text(), /Ongedaan maken voor 201 assets/);
  await hand.press(submit(undo));
  await page.waitForURL(`${task.web}${undo}?melding=teruggezet`);
  assert.match(await text(), /al ongedaan gemaakt/);
  await go('/assets?eigenaar=geen');
  assert.match(await text(), /201 assets/);
  await giveAllAnOwner();
  await go('/assets?eigenaar=geen');
  assert.match(await text(), /0 assets/);
});

await part('classify an asset', async () => {
  await go('/assets?bron=agent');
  await hand.press('tbody th a.name');
  const asset = new URL(page.url()).pathname;
  await hand.press(`main a[href="${asset}/classificatie"]`);
  await hand.choose('#b', '3');
  await hand.choose('#i', '3');
  await hand.choose('#v', '4');
  await hand.write('#basis', 'collegebesluit 2026/12');
  await hand.press(`${submit(`${asset}/classificatie`)}.primary`);
  await go(asset);
  assert.equal(await page.locator('main .biv[aria-label*="vertrouwelijkheid klasse 4"]').count() > 0, true);
});

let reference;
await part('analyse, assess and evaluate a risk', async () => {
  // What was done before may still change the register: who decides then is rightly asked to look again.
  const offered = () => page.locator('tbody a[href^="/risicos/R-"]').evaluateAll(
    links => links.map(link => link.getAttribute('href')));
  const state = async () => {
    await go('/risicos');
    const first = (await offered())[0];
    if (first === undefined) return undefined;
    await go(first);
    return `${first} ${await page.locator('form input[name="versie"]').first().getAttribute('value')}`;
  };
  await until('/werk', async shown => {
    if (!shown.includes('Alles is beoordeeld')) return false;
    const before = await state();
    await page.waitForTimeout(3000);
    return before !== undefined && before === await state();
  });
  await go('/risicos');
  reference = (await offered())[0];
  await hand.press(`tbody a[href="${reference}"]`);
  await hand.press(submit(`${reference}/analyseren`));
  for (const name of ['likelihood', 'impact']) {
    const field = page.locator(`form[action="${reference}/beoordelen"] select[name="${name}"]`);
    if (await field.count() > 0) await hand.choose(`form[action="${reference}/beoordelen"] select[name="${name}"]`, '2');
  }
  for (const select of await page.locator(`form[action="${reference}/beoordelen"] .row select`).all()) {
    const name = await select.getAttribute('name');
    if (name !== 'kennis') await hand.choose(`form[action="${reference}/beoordelen"] select[name="${name}"]`, '2');
  }
  await hand.write('#w-reden', 'lokaal is afgesloten');
  await hand.press(submit(`${reference}/beoordelen`));
  await hand.press(submit(`${reference}/evalueren`));
  assert.match(await text(), /geëvalueerd/);
});

await part('the data protection officer advises and cannot decide', async () => {
  const { context: own, page: dpo } = await open(browser, options);
  await logIn(dpo, task.people.dpo);
  await dpo.goto(`${task.web}${reference}`);
  assert.equal(await dpo.locator(`form[action="${reference}/beslissen"]`).count(), 0);
  await dpo.locator('#ad-tekst').fill('eerst een GEB');
  await dpo.locator(submit(`${reference}/adviseren`)).click();
  const csrf = await dpo.locator('input[name="csrf"]').first().getAttribute('value');
  const version = '99';
  const forged = await dpo.request.post(`${task.web}${reference}/beslissen`, {
    headers: { accept: 'text/html', 'sec-fetch-site': 'same-origin' },
    form: { csrf, versie: version, behandeling: 'accept', reden: 'x' },
  });
  assert.equal(forged.status(), 403);
  await own.close();
});

await part('record the meeting', async () => {
  await go('/risicos/vergaderingen');
  await hand.write('#m-referentie', 'CI-2026-11');
  // Day and month alike: in which order they are typed is the machine's affair.
  await hand.write('#m-dag', '2026-11-11');
  await hand.press(submit('/risicos/vergaderingen'));
  assert.match(await text(), /CI-2026-11/);
});

await part('the head of the department decides', async () => {
  const { context: own, page: head } = await open(browser, options);
  const other = of(head);
  await logIn(head, task.people.head);
  await head.goto(`${task.web}${reference}`);
  assert.match(await head.locator('main').innerText(), /eerst een GEB/);
  await other.tick(`form[action="${reference}/beslissen"] input[value="avoid"]`);
  await other.write('#b-reden', 'toestel gaat weg');
  await other.choose('#b-vergadering', 'CI-2026-11');
  await other.press(submit(`${reference}/beslissen`));
  assert.match(await head.locator('main').innerText(), /vermijden/);
  await own.close();
});

await part('export all assets', async () => {
  await go('/assets');
  await hand.press('.toolbar details.menu:has(a[href="/assets.csv"]) > summary');
  const [download] = await Promise.all([
    page.waitForEvent('download'), hand.press('a[href="/assets.csv"]'),
  ]);
  const rows = fs.readFileSync(await download.path(), 'utf8').trim().split('\r\n');
  assert.equal(rows.length, 202);
});

await part('freeze the report', async () => {
  await go('/rapporten');
  await hand.press('button[formaction="/rapporten/bevriezen"]');
  await hand.press('main form[method="post"] button[type="submit"]');
  await go('/rapporten');
  assert.match(await text(), /[0-9a-f]{64}/);
});

await part('an error is a page too', async () => {
  page.expected = /status of 40[04]/;
  for (const path of ['/nergens', '/assets?bvi=geen', '/assets/00000000-0000-0000-0000-000000000000']) {
    await go(path);
    if (task.hand === 'mouse') await check(page, path);
    assert.ok(await page.locator('a[href="/"]').count() > 0, 'there is a way back');
  }
});

await browser.close();
end();
