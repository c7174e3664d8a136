// @ts-check
// Leadfold in a web page: page views, identify, track, and forms. docs/how-to/track-a-website.md says how it is used.
// The browser loads this file as it stands here, without its comments. A page must not notice when anything in here fails.
(() => {
  /** @typedef {Record<string, unknown>} Fields */
  /** @typedef {{ type: 'page' | 'track' | 'identify', messageId: string, timestamp: string, userId?: string, context: object } & Fields} Message */

  const script = document.currentScript;
  /** @type {Window & { leadfold?: object }} */
  const page = window;
  // One that is loaded twice must not count twice.
  if (!(script instanceof HTMLScriptElement) || 'track' in Object(page.leadfold)) return;

  const { key: writeKey, host = script.src.replace(/\/sdk\/[^/]*$/, ''), ...options } = script.dataset;
  if (!writeKey) return console.warn('leadfold: the script has no data-key');
  const needsConsent = options.consent === 'required';

  /** What one request takes. Browsers give all requests that outlive their page 64 KiB together, and a second one may be under way. */
  const batch = { messages: 20, bytes: 30_000 };
  /** What waits for a server or for consent. What is more pushes out the oldest; one message that is too long for a request is left out. */
  const waiting = { messages: 200, bytes: 500_000, oneMessage: 60_000 };
  // In ms: how long a message waits for others, and a request for its answer. Then how long to wait after a failure: each time
  // twice as long, at most so long, or, where the server says how long, at most that.
  const delay = { together: 200, answer: 30_000, first: 1_000, most: 60_000, asked: 3_600_000 };

  /**
   * @template {unknown[]} A
   * @param {(...args: A) => unknown} run
   * @returns {(...args: A) => void}
   */
  const safely =
    (run) =>
    (...args) => {
      try {
        run(...args);
      } catch (error) {
        if ('debug' in options) console.warn('leadfold', error);
      }
    };

  // What is kept, with all names below one prefix. Where a browser keeps nothing, or has no room, it is in memory as long as the page.
  const prefix = 'leadfold.';
  /** @type {Map<string, string>} */
  const memory = new Map();

  /** @returns {string[]} */
  const storedNames = () => {
    try {
      return Object.keys(localStorage).filter((name) => name.startsWith(prefix));
    } catch {
      return [];
    }
  };
  /** @param {string} name */
  const kept = (name) => {
    try {
      return localStorage.getItem(prefix + name) ?? memory.get(name);
    } catch {
      return memory.get(name);
    }
  };
  /** @param {string} name @param {string} value */
  const keep = (name, value) => {
    try {
      localStorage.setItem(prefix + name, value);
    } catch {
      memory.set(name, value);
    }
  };
  /** @param {string} name */
  const forget = (name) => {
    memory.delete(name);
    try {
      localStorage.removeItem(prefix + name);
    } catch {
      // It was in memory only.
    }
  };
  /** @param {string} begin */
  const names = (begin) => {
    const stored = storedNames().map((name) => name.slice(prefix.length));
    return [...new Set([...stored, ...memory.keys()])].filter((name) => name.startsWith(begin)).sort();
  };

  const newId = () => {
    if (typeof crypto.randomUUID === 'function') return crypto.randomUUID();
    // Pages without https have no such function.
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
    return `${hex.slice(0, 12)}4${hex.slice(13, 16)}a${hex.slice(17)}`.replace(
      /^(.{8})(.{4})(.{4})(.{4})/,
      '$1-$2-$3-$4-',
    );
  };

  // Consent.
  /** @returns {boolean} */
  const isRefused = () => {
    const { doNotTrack, globalPrivacyControl } =
      /** @type {Navigator & { globalPrivacyControl?: boolean, doNotTrack?: string }} */ (navigator);
    return globalPrivacyControl === true || doNotTrack === '1' || kept('consent') === 'denied';
  };
  const isAllowed = () => !isRefused() && (!needsConsent || kept('consent') === 'granted');
  const forgetAll = () => names('').forEach(forget);
  /** What happened before consent: in memory only, and gone with the page. @type {Message[]} */
  let held = [];

  // The queue: each message by itself, so that tabs don't write over each other's. A server that gets one twice counts it once.
  const queue = `queue.${writeKey}.`;
  /** What requests under way carry. @type {Set<string>} */
  const sending = new Set();
  let count = 0;
  let failures = 0;
  /** Not to ask before, in ms since 1970; never again on this page where the key is refused. */
  let retryAt = 0;
  let timer = 0;
  let dueAt = Infinity;

  const anonymousId = () => {
    if (kept('anonymousId') === undefined) keep('anonymousId', newId());
    return kept('anonymousId');
  };

  /** @param {Message} message */
  const enqueue = (message) => {
    const { userId } = message;
    if (userId !== undefined) {
      // Somebody else on the same device is another visitor.
      if ((kept('userId') ?? userId) !== userId) forget('anonymousId');
      keep('userId', userId);
    }
    const text = JSON.stringify({ anonymousId: anonymousId(), userId: kept('userId'), ...message });
    if (text.length > waiting.oneMessage) return;
    count += 1;
    keep(`${queue}${Date.now().toString(36)}.${String(count).padStart(6, '0')}.${message.messageId}`, text);
    let { messages, bytes } = waiting;
    for (const name of names(queue).reverse()) {
      messages -= 1;
      bytes -= kept(name)?.length ?? 0;
      if (messages < 0 || bytes < 0) forget(name);
    }
    schedule(delay.together);
  };

  /** @param {Message} message */
  const record = (message) => {
    if (isAllowed()) enqueue(message);
    else if (!isRefused()) held = [...held, message].slice(-waiting.messages);
  };

  /** @param {number} ms */
  const schedule = (ms) => {
    const at = Math.max(Date.now() + ms, retryAt);
    if (at >= dueAt) return;
    clearTimeout(timer);
    dueAt = at;
    const ring = () => {
      dueAt = Infinity;
      flush();
    };
    timer = setTimeout(safely(ring), at - Date.now());
  };

  /** What the next request takes, oldest first. */
  const nextBatch = () => {
    /** @type {string[]} */
    const taken = [];
    /** @type {string[]} */
    const texts = [];
    let { bytes } = batch;
    for (const name of names(queue)) {
      const text = kept(name);
      if (sending.has(name) || text === undefined) continue;
      const size = new Blob([text]).size;
      if (taken.length === batch.messages || (size > bytes && taken.length > 0)) break;
      bytes -= size;
      taken.push(name);
      texts.push(text);
    }
    return { taken, texts, isSmall: bytes >= 0 };
  };

  /** @param {string[]} taken @param {number} status 0 where no answer came @param {number} retryAfter in s */
  const answered = (taken, status, retryAfter) => {
    taken.forEach((name) => sending.delete(name));
    const isAnswer = status > 0 && status < 500 && status !== 408 && status !== 429;
    const isForKey = status === 401 || status === 403;
    // What is refused for good would be refused again. With another key it might not be: the next page tries.
    if (isAnswer && !isForKey) {
      taken.forEach(forget);
      failures = 0;
      retryAt = 0;
      if (nextBatch().taken.length > 0) schedule(0);
    } else {
      const backOff = Math.min(delay.most, delay.first * 2 ** failures) * (0.5 + Math.random() / 2);
      const wait = Math.min(delay.asked, Math.max(retryAfter * 1_000, backOff));
      failures += 1;
      retryAt = isForKey ? Infinity : Date.now() + wait;
      if (!isForKey) schedule(wait);
    }
  };

  /** Sends what waits. `leaving`: now, whatever is under way, as the page may be gone in a moment. */
  const flush = (leaving = false) => {
    if (retryAt === Infinity || !isAllowed() || navigator.onLine === false) return;
    if (!leaving && sending.size > 0) return;
    if (!leaving && Date.now() < retryAt) return schedule(0);
    const { taken, texts, isSmall } = nextBatch();
    if (taken.length === 0) return;
    const { language: locale, userAgent } = navigator;
    const { timeZone: timezone } = Intl.DateTimeFormat().resolvedOptions();
    const around = JSON.stringify({
      writeKey,
      sentAt: new Date().toISOString(),
      context: { locale, timezone, userAgent, library: { name: 'leadfold.js', version: '1' } },
    });
    const body = `${around.slice(0, -1)},"batch":[${texts.join()}]}`;
    const url = `${host}/v1/batch`;
    taken.forEach((name) => sending.add(name));
    const lasting = 'keepalive' in Request.prototype;
    // Text needs no preflight. Of a beacon no answer is told.
    if (leaving && !lasting) return answered(taken, navigator.sendBeacon(url, body) ? 200 : 0, 0);
    const headers = { 'Content-Type': 'text/plain' };
    const signal = AbortSignal.timeout?.(delay.answer);
    fetch(url, { method: 'POST', body, headers, keepalive: isSmall, signal, credentials: 'omit' })
      // Until an answer is read, its request counts among those that outlive the page.
      .then((answer) => answer.text().then(() => answer))
      .then(
        safely((answer) => answered(taken, answer.status, Number(answer.headers.get('Retry-After')) || 0)),
        safely(() => answered(taken, 0, 0)),
      );
  };

  // What is told.
  /** @type {Fields | undefined} */
  let campaign;
  let referrer = document.referrer;

  /** What a part of a campaign is called. @param {string} utm */
  const partOf = (utm) => (utm === 'utm_campaign' ? 'name' : utm.slice(4));

  const contextOfPage = () => {
    const { href, pathname: path, search, hash } = location;
    const utm = [...new URLSearchParams(search)].filter(([name]) => /^utm_\w/.test(name));
    // It is that of the whole visit of a page, wherever an app in it goes.
    if (utm.length > 0) campaign = Object.fromEntries(utm.map(([name, value]) => [partOf(name), value.slice(0, 200)]));
    const url = isRoute(hash) ? href : href.slice(0, href.length - hash.length);
    return { page: { path, search, title: document.title, url, referrer }, ...(campaign && { campaign }) };
  };

  /** @param {Message['type']} type @param {Fields} said */
  const tell = (type, said) =>
    record({ type, messageId: newId(), timestamp: new Date().toISOString(), context: contextOfPage(), ...said });

  /** @param {unknown} value @returns {Fields} */
  const fieldsOf = (value) => (typeof value === 'object' && value !== null ? { ...value } : {});

  /** @type {Record<string, (first?: unknown, second?: unknown) => unknown>} */
  const calls = {
    page: (name, properties) => {
      const { page: viewed } = contextOfPage();
      tell('page', { name, properties: { ...viewed, ...fieldsOf(properties) } });
    },
    track: (event, properties) => tell('track', { event, properties: fieldsOf(properties) }),
    identify: (first, second) => {
      const userId = typeof first === 'string' || typeof first === 'number' ? String(first) : undefined;
      tell('identify', { ...(userId && { userId }), traits: fieldsOf(userId ? second : (first ?? second)) });
    },
    consent: (granted) => {
      const before = held;
      held = [];
      if (granted !== true) forgetAll();
      if (granted === true) keep('consent', 'granted');
      else if (!needsConsent) keep('consent', 'denied');
      if (isAllowed()) before.forEach((message) => enqueue(message));
      else if (granted === true) forgetAll();
    },
    reset: () => ['anonymousId', 'userId'].forEach(forget),
    flush: () => flush(true),
  };
  const safeCalls = Object.fromEntries(Object.entries(calls).map(([name, call]) => [name, safely(call)]));
  /** Makes calls that are lists of a name and its arguments, as pages write them before this is loaded. @param {unknown[]} lists */
  const push = (...lists) =>
    lists.forEach((list) => {
      const [name, first, second] = Array.isArray(list) ? /** @type {unknown[]} */ (list) : [];
      if (typeof name === 'string' && Object.hasOwn(safeCalls, name)) safeCalls[name]?.(first, second);
    });

  // Page views of what a browser loads, and of apps that only change the address.
  /** @param {string} hash */
  const isRoute = (hash) => /^#[/!]/.test(hash);
  const addressOf = () => location.pathname + location.search + (isRoute(location.hash) ? location.hash : '');
  let address = addressOf();
  let href = location.href;

  const look = () => {
    if (addressOf() === address) return;
    address = addressOf();
    referrer = href;
    href = location.href;
    calls['page']?.();
  };
  // By then an app has set the title, and gone on to where it redirects.
  const looking = () => void setTimeout(safely(look), 0);

  const watchPages = () => {
    calls['page']?.();
    for (const name of /** @type {const} */ (['pushState', 'replaceState'])) {
      const change = history[name];
      history[name] = function (...args) {
        change.apply(this, args);
        looking();
      };
    }
    addEventListener('popstate', looking);
    addEventListener('hashchange', looking);
    // A page that was put aside, and is shown again.
    addEventListener(
      'pageshow',
      safely((event) => event.persisted && calls['page']?.()),
    );
  };

  // Forms.
  const unread = ['password', 'hidden', 'file', 'submit', 'button', 'reset', 'image'];
  /** Of a field's autocomplete and name: cards, and passwords that are shown as text. */
  const secret = /(^|\s)cc-|passw|one-time-code|cvc|cvv/i;
  /** @param {Element & { name: string }} field */
  const saidOf = (field) => `${field.getAttribute('autocomplete') ?? ''} ${field.name}`;

  /** @param {Element} field @returns {field is HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement} */
  const isRead = (field) =>
    (field instanceof HTMLInputElement || field instanceof HTMLSelectElement || field instanceof HTMLTextAreaElement) &&
    field.name !== '' &&
    !field.disabled &&
    !unread.includes(field.type) &&
    !secret.test(saidOf(field)) &&
    !field.closest('[data-leadfold-ignore]') &&
    // What looks like the number of a card is left out, whatever its field is called.
    !/^\s*(\d[ -]?){13,19}\s*$/.test(field.value) &&
    (!/^(checkbox|radio)$/.test(field.type) || /** @type {HTMLInputElement} */ (field).checked);

  /** @param {Event} event */
  const submitted = ({ target }) => {
    if (!(target instanceof HTMLFormElement) || target.dataset['leadfold'] === undefined || isRefused()) return;
    /** @type {Map<string, string[]>} */
    const fields = new Map();
    /** @type {string | undefined} */
    let email;
    for (const field of target.elements) {
      if (!isRead(field) || field.value.trim() === '') continue;
      const value = field.value.trim().slice(0, 1_000);
      const values =
        field instanceof HTMLSelectElement ? [...field.selectedOptions].map((option) => option.value) : [value];
      const isEmail = field.type === 'email' || /email/i.test(saidOf(field));
      const before = fields.get(field.name) ?? [];
      if (email === undefined && isEmail && /^\S+@\S+\.\S+$/.test(value)) email = value;
      else fields.set(field.name, [before, values].flat());
    }
    if (email !== undefined) calls['identify']?.({ email });
    const said = [...fields].map(([name, values]) => [name, values.length === 1 ? values[0] : values]);
    const form = target.getAttribute('id') ?? target.getAttribute('name') ?? undefined;
    calls['track']?.(target.dataset['leadfold'] || 'form_submit', { form, ...Object.fromEntries(said) });
    // The page may go away with the form.
    flush(true);
  };

  const start = () => {
    // That somebody refused stays known; nothing else does.
    if (isRefused() && kept('consent') !== 'denied') forgetAll();
    if (options.pages !== 'manual') safely(watchPages)();
    addEventListener('submit', safely(submitted), true);
    addEventListener(
      'pagehide',
      safely(() => flush(true)),
    );
    document.addEventListener(
      'visibilitychange',
      safely(() => flush(document.visibilityState === 'hidden')),
    );
    addEventListener(
      'online',
      safely(() => {
        retryAt = 0;
        flush();
      }),
    );
    /** @type {unknown[]} */
    const early = Array.isArray(page.leadfold) ? page.leadfold : [];
    page.leadfold = { ...safeCalls, push };
    push(...early);
    schedule(delay.together);
  };

  // A page that the browser makes ready in case somebody goes there is no view yet.
  if (/** @type {Document & { prerendering?: boolean }} */ (document).prerendering) {
    document.addEventListener('prerenderingchange', safely(start), { once: true });
  } else safely(start)();
})();
