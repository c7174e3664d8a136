// @ts-check
// The pages that mails link to, and the one to sign in. What is in the link behind the # is sent to this server alone.
(() => {
  /** @typedef {{ title?: string, detail?: string, errors?: readonly { pointer: string, detail: string }[] }} Problem */
  /** @typedef {{ path: string, body: Record<string, string>, headers?: Record<string, string> }} Asked */

  const form = document.querySelector('form');
  const status = document.querySelector('[role=status]');
  if (!(form instanceof HTMLFormElement) || !(status instanceof HTMLElement)) return;

  const token = new URLSearchParams(location.hash.slice(1)).get('token') ?? '';
  // Neither in the history nor on the screen: whoever sits here next has no use for it.
  if (location.hash !== '') history.replaceState(null, '', location.pathname);

  // The link of another mail, opened in the same window, only changes what is behind the #.
  addEventListener('hashchange', () => location.reload());

  /** What each page asks of the server, by the fields of its form, and what it says then. @type {Record<string, { ask: (fields: Record<string, string>) => Asked, said: (answer: Record<string, unknown>) => string }>} */
  const pages = {
    'verify-email': {
      ask: () => ({ path: 'verify-email', body: { token } }),
      said: ({ passwordSet }) =>
        passwordSet === false
          ? 'Your address is verified. Choose a password next: follow “Forgotten password”.'
          : 'Your address is verified. You can sign in now.',
    },
    'reset-password': {
      ask: ({ password = '' }) => ({ path: 'reset-password', body: { token, password } }),
      said: () => 'Your password is changed, and all your sessions have ended. You can sign in now.',
    },
    'accept-invitation': {
      ask: ({ password = '', name = '' }) => ({
        path: 'accept-invitation',
        body: { token, ...(password !== '' && { password }), ...(name.trim() !== '' && { name }) },
      }),
      said: ({ passwordSet }) =>
        passwordSet === false
          ? 'You belong to the project now. Choose a password next: follow “Forgotten password”.'
          : 'You belong to the project now. You can sign in.',
    },
    'forgot-password': {
      ask: ({ email = '' }) => ({ path: 'forgot-password', body: { email } }),
      said: () => 'If there is an account with this address, a mail is on its way that says how to go on.',
    },
    'sign-in': {
      ask: ({ email = '', password = '' }) => ({
        path: 'console',
        body: { email, password },
        headers: { 'X-Leadfold-Console': '1' },
      }),
      said: () => 'You are signed in.',
    },
  };

  const page = pages[form.dataset.page ?? ''];
  if (!page) return;

  /** @param {string} text @param {'good' | 'bad' | 'busy'} how */
  const say = (text, how) => {
    status.dataset.how = how;
    status.textContent = text;
    if (how !== 'busy') status.focus();
  };

  const inputs = [...form.querySelectorAll('input')];

  /** Shows at each field what is wrong with it, and goes to the first. @param {Problem} problem */
  const complain = ({ title = 'That did not work', detail, errors = [] }) => {
    say(detail ?? title, 'bad');
    const wrong = inputs.filter((input) => {
      const error = errors.find(({ pointer }) => pointer === `/${input.name}`);
      const hint = document.getElementById(`${input.name}-hint`);
      if (error && hint) hint.textContent = error.detail;
      input.setAttribute('aria-invalid', String(error !== undefined));
      return error !== undefined;
    });
    wrong[0]?.focus();
  };

  /** @param {Asked} asked */
  const send = async ({ path, body, headers = {} }) => {
    const answer = await fetch(`../api/auth/${path}`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', ...headers },
      body: JSON.stringify(body),
      credentials: 'same-origin',
      referrerPolicy: 'no-referrer',
    });
    const said = await answer.json().catch(() => ({}));
    return answer.ok ? { said } : { problem: /** @type {Problem} */ (said) };
  };

  let busy = false;
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    if (busy) return;
    busy = true;
    say('One moment …', 'busy');
    try {
      const fields = Object.fromEntries(inputs.map(({ name, value }) => [name, value]));
      const { said, problem } = await send(page.ask(fields));
      if (problem) return complain(problem);
      form.hidden = true;
      say(page.said(said), 'good');
    } catch {
      say('The server could not be reached; try again.', 'bad');
    } finally {
      busy = false;
    }
  });

  if ('token' in form.dataset && token === '') {
    form.hidden = true;
    say(
      'This page is opened by the link in a mail, and the link was not whole. Open it again, or ask for another mail.',
      'bad',
    );
  }
})();
