// What the page does better with a script than without; nothing needs it.
(() => {
  const all = (selector, from = document) => [...from.querySelectorAll(selector)];

  // Settings that only matter while another one has a certain value. One that is wrong stays in sight.
  const chosenIn = (name) => {
    const inputs = all(`[name="${CSS.escape(name)}"]`);
    const input = inputs.find((each) => each.checked) ?? inputs[0];
    if (!input) return undefined;
    if (input.type === 'checkbox') return String(input.checked);
    return input.type === 'radio' && !input.checked ? '' : input.value;
  };
  const showWhatMatters = () => {
    for (const element of all('[data-when]')) {
      const value = chosenIn(element.dataset.when);
      const matters = value === undefined || JSON.parse(element.dataset.values).includes(value);
      element.hidden = !matters && !element.querySelector('.error') && !element.classList.contains('wrong');
    }
  };
  document.addEventListener('change', showWhatMatters);

  // What is typed and not saved yet outlives a reload and a browser that crashed, in this tab alone; secrets do not.
  const form = document.querySelector('form[action^="/section/"]');
  if (document.querySelector('form[action="/claim"]')) sessionStorage.clear();
  if (form) {
    const key = form.getAttribute('action');
    const keptTypes = ['text', 'email', 'url', 'number', 'textarea', 'select-one', 'select-multiple', 'checkbox', 'radio'];
    const inputs = [...form.elements].filter(({ type, dataset }) => keptTypes.includes(type) && !('secret' in dataset));
    const names = inputs.map(({ name }) => name).join();
    const isTicked = ({ type }) => type === 'checkbox' || type === 'radio';
    const { names: keptNames, values = [] } = JSON.parse(sessionStorage.getItem(key) ?? '{}');
    if (keptNames === names && !document.querySelector('.summary')) {
      for (const [index, input] of inputs.entries()) input[isTicked(input) ? 'checked' : 'value'] = values[index];
    }
    form.addEventListener('input', () => {
      const typed = inputs.map((input) => (isTicked(input) ? input.checked : input.value));
      sessionStorage.setItem(key, JSON.stringify({ names, values: typed }));
    });
    form.addEventListener('submit', () => sessionStorage.removeItem(key));
  }
  showWhatMatters();

  // How good a password is, as the unit sees it: when nothing more is typed for a moment.
  const MOMENT = 300;
  for (const input of all('[data-strength]')) {
    const output = document.getElementById(input.dataset.strength);
    let asked = new AbortController();
    input.addEventListener('input', () => {
      asked.abort();
      asked = new AbortController();
      if (input.value === '') output.textContent = '';
      else setTimeout(ask, MOMENT, asked.signal);
    });
    const ask = async (signal) => {
      if (signal.aborted) return;
      const body = new URLSearchParams({ token: input.form.elements.token.value, password: input.value });
      for (const { value } of all('input[type=text]', input.form)) body.append('near', value);
      try {
        const answer = await fetch('/strength', { method: 'POST', body, signal });
        if (answer.ok) output.textContent = await answer.text();
      } catch {
        // Something else is typed by now, or there is no answer: nothing needs it.
      }
    };
  }

  document.addEventListener('submit', () => {
    for (const input of all('[data-clock]')) input.value = String(Date.now());
  });

  for (const button of all('[data-copy]')) {
    const title = button.textContent;
    button.addEventListener('click', async () => {
      const from = document.getElementById(button.dataset.copy);
      const rows = all('tbody tr', from).map((row) =>
        all('td', row)
          .map((cell) => cell.textContent)
          .join('\t'),
      );
      await navigator.clipboard.writeText(rows.length > 0 ? rows.join('\n') : from.textContent);
      button.textContent = button.dataset.copied;
      setTimeout(() => {
        button.textContent = title;
      }, 2000);
    });
  }

  const list = document.querySelector('[data-events]');
  if (!list) return;
  const now = document.getElementById('now');
  const events = new EventSource(list.dataset.events);
  events.addEventListener('step', ({ data }) => {
    const { index, html, text } = JSON.parse(data);
    const old = document.getElementById(`step-${index}`);
    if (!old) return location.reload();
    const open = old.querySelector('details')?.open;
    old.insertAdjacentHTML('afterend', html);
    const details = old.nextElementSibling.querySelector('details');
    if (details && open) details.open = true;
    old.remove();
    if (text && now.textContent !== text) now.textContent = text;
  });
  events.addEventListener('end', () => {
    events.close();
    location.assign('/progress');
  });
  events.addEventListener('error', () => {
    now.textContent = now.dataset.lost;
  });
})();
