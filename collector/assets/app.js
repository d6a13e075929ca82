// Progressive enhancement: everything works without this script too.
(() => {
  const $ = (selector, within = document) => within.querySelector(selector);
  const $$ = (selector, within = document) => [...within.querySelectorAll(selector)];
  const root = document.documentElement;
  const say = text => {
    const toast = $('.toast');
    if (!toast) return;
    toast.textContent = text;
    setTimeout(() => { toast.textContent = ''; }, 4000);
  };

  // Theme: the server writes data-theme from a cookie; here the page need not be loaded again.
  const theme = $('#thema');
  if (theme) {
    const button = $('button', theme);
    const isDark = () => root.dataset.theme
      ? root.dataset.theme === 'dark'
      : matchMedia('(prefers-color-scheme: dark)').matches;
    button.setAttribute('aria-pressed', isDark());
    theme.addEventListener('submit', event => {
      event.preventDefault();
      root.dataset.theme = isDark() ? 'light' : 'dark';
      button.setAttribute('aria-pressed', isDark());
      document.cookie = `thema=${root.dataset.theme}; path=/; max-age=31536000; samesite=lax; secure`;
    });
  }

  // Menu on small screens.
  const menu = $('.menu-toggle');
  const side = $('#zijmenu');
  if (menu && side) {
    menu.addEventListener('click', () => {
      menu.setAttribute('aria-expanded', side.classList.toggle('open'));
    });
  }

  // Rows that are chosen, and what can be done with them.
  const boxes = $$('tbody input[name=id]');
  const all = $('#sel-all');
  const bar = $('#bulkbar');
  const toolbar = $('#toolbar');
  const count = () => {
    const chosen = boxes.filter(box => box.checked).length;
    if (bar) {
      bar.hidden = chosen === 0;
      if (toolbar) toolbar.hidden = chosen > 0;
      $('[data-selcount]', bar).textContent = chosen;
    }
    if (all) {
      all.checked = chosen > 0 && chosen === boxes.length;
      all.indeterminate = chosen > 0 && chosen < boxes.length;
    }
  };
  let last = null;
  boxes.forEach((box, index) => box.addEventListener('click', event => {
    if (event.shiftKey && last !== null) {
      const [from, to] = [last, index].sort((x, y) => x - y);
      boxes.slice(from, to + 1).forEach(one => { one.checked = box.checked; });
    }
    last = index;
    count();
  }));
  if (all) {
    all.closest('label').hidden = false;
    all.addEventListener('change', () => {
      boxes.forEach(box => { box.checked = all.checked; });
      count();
    });
  }
  if (bar) count();
  const clear = $('[data-clear]');
  if (clear) {
    clear.addEventListener('click', event => {
      event.preventDefault();
      boxes.forEach(box => { box.checked = false; });
      count();
      (all || boxes[0])?.focus();
    });
  }

  // Menus: a click elsewhere and Escape close them, and focus goes back.
  document.addEventListener('click', event => $$('details.menu[open]').forEach(details => {
    if (!details.contains(event.target)) details.open = false;
  }));
  document.addEventListener('keydown', event => {
    if (event.key === 'Escape') {
      $$('details.menu[open]').forEach(details => {
        details.open = false;
        $('summary', details).focus();
      });
    }
    const typing = /^(input|textarea|select)$/i.test(event.target.tagName);
    if (event.key === '/' && !event.ctrlKey && !event.metaKey && !event.altKey && !typing) {
      const search = $('#zoek-alles');
      if (search) {
        event.preventDefault();
        search.focus();
      }
    }
  });

  // What goes on is shown as it comes, without moving focus or the page.
  const live = $('[data-live]');
  const follow = async () => {
    try {
      const answer = await fetch(location.pathname, { headers: { accept: 'text/html' } });
      const text = answer.ok ? await answer.text() : '';
      const fresh = $('[data-live]', new DOMParser().parseFromString(text, 'text/html'));
      if (!fresh) return;
      if (!live.contains(document.activeElement) && fresh.innerHTML !== live.innerHTML) {
        live.replaceChildren(...fresh.childNodes);
      }
      if (fresh.dataset.live === 'ja') setTimeout(follow, 3000);
    } catch {
      setTimeout(follow, 10000);
    }
  };
  if (live && live.dataset.live === 'ja') setTimeout(follow, 3000);

  // What is only of use with a script is not there without it.
  $$('[data-copy], [data-print]').forEach(button => { button.hidden = false; });
  $$('[data-copy]').forEach(button => button.addEventListener('click', async () => {
    try {
      await navigator.clipboard.writeText($(`#${button.dataset.copy}`).textContent);
      say(button.dataset.done);
    } catch {
      say(button.dataset.failed);
    }
  }));
  $$('[data-print]').forEach(button => button.addEventListener('click', () => print()));
})();
