// What the browser tests share: Debian's Chromium, a page that notes every complaint, logging in.
import fs from 'node:fs';
import { createRequire } from 'node:module';
import { chromium } from 'playwright-core';

const FLAGS = [
  '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync', '--font-render-hinting=none',
];

/** The task, as the test that starts this script wrote it: addresses, people, where pictures go. */
export const task = JSON.parse(fs.readFileSync(process.argv[2], 'utf8'));

/** The browser. */
export const launch = () => chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', headless: true, args: FLAGS,
});

const failures = [];

/** Notes something that is wrong; the script goes on, so that one run shows all. */
export function fail(text) {
  failures.push(text);
  console.log(`FAILED ${text}`);
}

/** Ends the script: with 1 when anything was wrong. */
export function end() {
  console.log(failures.length === 0 ? 'all well' : `${failures.length} wrong`);
  process.exit(failures.length === 0 ? 0 : 1);
}

/** A context with a page that turns every console message, page error and failed request into a failure. */
export async function open(browser, { width = 1440, height = 900, ...options } = {}) {
  const context = await browser.newContext({
    viewport: { width, height }, locale: 'nl-BE', timezoneId: 'Europe/Brussels', deviceScaleFactor: 1,
    ...options,
  });
  const page = await context.newPage();
  // What a test provokes on purpose (a refusal, for example) is taken out here.
  page.expected = /^$/;
  page.on('console', message => {
    if (!page.expected.test(message.text())) fail(`${page.url()}: console: ${message.text()}`);
  });
  page.on('pageerror', error => fail(`${page.url()}: script: ${error.message}`));
  page.on('requestfailed', request => {
    // A file that is saved is no page, and a page that is left while it loads is none either.
    if (request.failure()?.errorText !== 'net::ERR_ABORTED') fail(`request failed: ${request.url()}`);
  });
  return { context, page };
}

/** Logs in with the form. */
export async function logIn(page, name) {
  await page.goto(`${task.web}/aanmelden`);
  await page.fill('#name', name);
  await page.fill('#password', task.password);
  await page.press('#password', 'Enter');
  await page.waitForURL(url => !url.pathname.startsWith('/aanmelden'));
}

const axe = fs.readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

/** By how many pixels the page is wider than its window. */
export const sideways = page => page.evaluate(() =>
  document.documentElement.scrollWidth - document.documentElement.clientWidth);

/** Looks at the page that is open: every text is there, it fits, and axe finds nothing. */
export async function check(page, where) {
  await page.evaluate(() => document.fonts.ready);
  const text = await page.evaluate(() => document.body.innerText);
  if (text.includes('⟦')) fail(`${where}: a text is missing: ${text.match(/⟦[^⟧]*⟧?/)[0]}`);
  const wide = await sideways(page);
  if (wide > 0) fail(`${where}: scrolls sideways by ${wide} px`);
  // Not through the page: its policy lets no other script in.
  await page.evaluate(axe);
  const result = await page.evaluate(rules => globalThis.axe.run(document, {
    runOnly: { type: 'tag', values: rules }, resultTypes: ['violations'],
  }), RULES);
  for (const violation of result.violations) {
    const nodes = violation.nodes.slice(0, 3).map(node => `${node.target} ${node.html.slice(0, 120)}`);
    fail(`${where}: ${violation.id}: ${violation.help}: ${nodes.join(' | ')}`);
  }
}
