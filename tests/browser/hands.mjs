// Who drives a page: a mouse, a keyboard alone, or a browser without scripts.

/** Points and clicks. */
class Mouse {
  constructor(page) { this.page = page; }

  async press(selector) { await this.page.locator(selector).first().click(); }

  async write(selector, text) {
    await this.page.locator(selector).first().click();
    await this.page.locator(selector).first().fill(text);
  }

  async choose(selector, value) { await this.page.locator(selector).first().selectOption(value); }

  async tick(selector) { await this.page.locator(selector).first().click(); }
}

/** Never touches the mouse: every control is reached with Tab and worked with keys. */
class Keyboard {
  constructor(page) { this.page = page; }

  /** Tabs on until the control has the focus, which must then be visible. */
  async reach(selector) {
    const wanted = await this.page.locator(selector).first().elementHandle();
    for (let step = 0; step < 1500; step += 1) {
      const there = await this.page.evaluate(one => document.activeElement === one, wanted);
      if (there) {
        const seen = await this.page.evaluate(one => {
          const style = getComputedStyle(one);
          const box = one.getBoundingClientRect();
          const outlined = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0;
          return { outlined: outlined || !one.matches(':focus-visible'), inside: box.bottom > 0 && box.top < innerHeight };
        }, wanted);
        if (!seen.outlined) throw new Error(`${selector} has the focus and does not show it`);
        if (!seen.inside) throw new Error(`${selector} has the focus outside the window`);
        return;
      }
      await this.page.keyboard.press('Tab');
    }
    throw new Error(`${selector} is not reached with Tab on ${this.page.url()}`);
  }

  async press(selector) {
    await this.reach(selector);
    const leads = await this.page.evaluate(() => document.activeElement
      .matches('a[href]:not([href*=".csv"]), button[type="submit"], button:not([type])'));
    // A key does not wait for the page it leads to, as a click of the driver does.
    const arrived = leads ? this.page.waitForEvent('load') : Promise.resolve();
    await this.page.keyboard.press('Enter');
    await arrived.catch(async error => {
      const wrong = await this.page.evaluate(() => [...document.querySelectorAll(':invalid')]
        .map(one => one.name || one.tagName));
      throw new Error(`${selector} leads nowhere; not valid: ${wrong.join(', ')}: ${error.message}`);
    });
  }

  async write(selector, text) {
    await this.reach(selector);
    if (await this.page.locator(selector).first().getAttribute('type') === 'date') {
      // Day, month and year are typed one after the other.
      const [year, month, day] = text.split('-');
      await this.page.keyboard.type(`${day}${month}${year}`);
      return;
    }
    await this.page.keyboard.press('Control+A');
    await this.page.keyboard.insertText(text);
  }

  /** Types what the option is called, as people do, until it is chosen. */
  async choose(selector, value) {
    await this.reach(selector);
    const chosen = () => this.page.evaluate(() => document.activeElement.value);
    const count = await this.page.evaluate(() => document.activeElement.options.length);
    await this.page.keyboard.press('Home');
    for (let step = 0; step < count && await chosen() !== value; step += 1) {
      await this.page.keyboard.press('ArrowDown');
    }
    if (await chosen() !== value) throw new Error(`${selector}: ${value} cannot be chosen with keys`);
  }

  async tick(selector) {
    const wanted = this.page.locator(selector).first();
    if (await wanted.getAttribute('type') === 'radio') {
      // Tab leads to a group, the arrows within it.
      const name = await wanted.getAttribute('name');
      await this.reach(`input[type="radio"][name="${name}"]`);
      await this.page.keyboard.press('Space');
      for (let step = 0; step < 10 && !await wanted.isChecked(); step += 1) {
        await this.page.keyboard.press('ArrowDown');
      }
      if (!await wanted.isChecked()) throw new Error(`${selector} cannot be chosen with keys`);
      return;
    }
    await this.reach(selector);
    await this.page.keyboard.press('Space');
  }
}

/** The three ways, with what the browser needs for each. */
export const hands = {
  mouse: { options: {}, of: page => new Mouse(page) },
  keyboard: { options: {}, of: page => new Keyboard(page) },
  'without a script': { options: { javaScriptEnabled: false }, of: page => new Mouse(page) },
};
