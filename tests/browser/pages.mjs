// Every page that can be reached, as a browser shows it: accessibility (axe-core: WCAG 2.2 A and AA and best
// practice), light and dark, wide and narrow, large text, forced colours, both languages, and not one
// message on the console under the strict content security policy.
import path from 'node:path';
import { check, end, fail, launch, logIn, open, sideways, task } from './common.mjs';

// One page of each kind is enough: ids and references differ, the page does not.
const kind = url => url.pathname
  .replace(/[0-9a-f]{8}-[0-9a-f-]{27}/g, '{id}')
  .replace(/R-\d{4}-\d{4}/g, '{ref}')
  .replace(/(\/eigenaars\/)(?!importeren|nieuw|sjabloon)[^/.]+/, '$1{code}')
  .replace(/(\/secties\/)[^/]+/, '$1{name}');
const MOST = 400;

// An asset of the city that is not of the department of its head: by the letters its name begins with.
const ELSEWHERE = /\b(FIN|BEL|MOB|WEG|SOC|OND|INF)-[A-Z]{2,4}-\d{3}\b/;

const browser = await launch();

/** Which pages there are for somebody: by following links, as a reader does. No link leads to a refusal. */
async function crawl(person, hidden = null) {
  const { context, page } = await open(browser);
  await logIn(page, person);
  const found = new Map();
  const queue = task.start.map(start => new URL(start, task.web));
  while (queue.length > 0 && found.size < MOST) {
    const url = queue.shift();
    if (found.has(kind(url))) continue;
    const answer = await page.request.get(url.href, { headers: { accept: 'text/html' } });
    const type = answer.headers()['content-type'] ?? '';
    if (!answer.ok()) fail(`${person}: ${url.pathname}${url.search}: ${answer.status()}`);
    if (!type.startsWith('text/html')) { found.set(kind(url), null); continue; }
    found.set(kind(url), url);
    if (url.pathname.startsWith('/rapporten/') && /\.(html|pdf)$/.test(url.pathname)) continue;
    const text = await answer.text();
    const seen = hidden && text.match(hidden);
    if (seen) fail(`${person}: ${url.pathname}${url.search} shows ${seen[0]}`);
    for (const [, href] of text.matchAll(/<a [^>]*?href="([^"]+)"/g)) {
      const next = new URL(href.replaceAll('&amp;', '&'), url);
      if (next.origin === url.origin && !next.pathname.startsWith('/api/')) queue.push(next);
    }
  }
  const state = await context.storageState();
  await context.close();
  const pages = [...found].filter(([, url]) => url !== null);
  console.log(`${person}: ${pages.length} kinds of pages: ${pages.map(([name]) => name).join(' ')}`);
  return { found, pages, state };
}

const { found, pages, state } = await crawl(task.people.all);
const missing = task.expected.filter(name => !found.has(name));
if (missing.length > 0) fail(`not reached by any link: ${missing.join(' ')}`);

const picture = (name, look) => path.join(task.pictures,
  `${name.replaceAll('/', '_').replace(/[{}]/g, '') || '_'}-${look}.png`);

for (const look of [
  { name: 'light-1440', colorScheme: 'light', shot: true },
  { name: 'dark-1440', colorScheme: 'dark', shot: true },
  { name: 'light-320', colorScheme: 'light', width: 320, height: 700, shot: true },
  { name: 'dark-320', colorScheme: 'dark', width: 320, height: 700 },
  { name: 'forced-1440', colorScheme: 'light', forcedColors: 'active' },
  { name: 'english-1440', colorScheme: 'light', language: 'en' },
]) {
  const { name: lookName, shot, language, ...options } = look;
  const { context, page } = await open(browser, { ...options, storageState: state });
  if (language) await context.addCookies([{ name: 'taal', value: language, url: task.web }]);
  for (const [name, url] of pages) {
    await page.goto(url.href, { waitUntil: 'load' });
    await check(page, `${lookName} ${url.pathname}${url.search}`);
    if (language) {
      const tag = await page.evaluate(() => document.documentElement.lang);
      if (!tag.startsWith(language)) fail(`${lookName} ${url.pathname}: is in ${tag}`);
    }
    if (shot && task.pictures) await page.screenshot({ path: picture(name, lookName), fullPage: true });
    if (lookName === 'light-1440') {
      // Text of twice the size (WCAG 1.4.4).
      await page.evaluate(() => { document.documentElement.style.fontSize = '200%'; });
      const wide = await sideways(page);
      if (wide > 0) fail(`text of 200% ${url.pathname}: scrolls sideways by ${wide} px`);
    }
  }
  await context.close();
  console.log(`${lookName}: ${pages.length} pages`);
}

// What others see differs in what is not there: the same checks, in fewer looks.
const NARROW = { width: 320, height: 700 };
for (const [person, looks, hidden] of [
  [task.people.head, [{}, NARROW], ELSEWHERE],
  [task.people.dpo, [{}]],
  [task.people.auditor, [NARROW]],
]) {
  if (!task.others) break;
  const { pages, state } = await crawl(person, hidden);
  for (const look of looks) {
    const { context, page } = await open(browser, { ...look, colorScheme: 'light', storageState: state });
    for (const [, url] of pages) {
      await page.goto(url.href, { waitUntil: 'load' });
      await check(page, `${person} ${look.width ?? 1440} ${url.pathname}${url.search}`);
    }
    await context.close();
  }
}
await browser.close();
end();
