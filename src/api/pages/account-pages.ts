/** A field of a form, as its label and its input say it. */
type Field = {
  readonly name: 'email' | 'password' | 'name';
  readonly label: string;
  readonly type: 'email' | 'password' | 'text';
  readonly autocomplete: string;
  readonly required: boolean;
  readonly hint?: string;
  readonly attributes?: string;
};

type Page = {
  readonly title: string;
  readonly intro: string;
  readonly fields: readonly Field[];
  readonly action: string;
  /** Whether it is opened by the link in a mail, with a token. */
  readonly byToken: boolean;
  readonly links: readonly (readonly [page: string, text: string])[];
};

const email: Field = {
  name: 'email',
  label: 'E-mail address',
  type: 'email',
  autocomplete: 'username',
  required: true,
};

const password: Field = {
  name: 'password',
  label: 'Password',
  type: 'password',
  autocomplete: 'current-password',
  required: true,
};

const newPassword: Field = {
  ...password,
  label: 'New password',
  autocomplete: 'new-password',
  hint: '8 to 256 characters, and none that everybody uses.',
  attributes: 'minlength="8" maxlength="256"',
};

const signIn = ['sign-in', 'Sign in'] as const;
const forgotten = ['forgot-password', 'Forgotten password'] as const;

/** The pages by their names in links. Nothing happens when one is opened: programs that look through mails open links as well. */
export const accountPages: Readonly<Record<string, Page>> = {
  'verify-email': {
    title: 'Verify your address',
    intro: 'Verify the address that you registered with.',
    fields: [],
    action: 'Verify my address',
    byToken: true,
    links: [signIn, forgotten],
  },
  'accept-invitation': {
    title: 'Take your invitation',
    intro: 'You are invited to a project. Who has an account already keeps its password and leaves the fields empty.',
    fields: [
      {
        name: 'name',
        label: 'Your name (optional)',
        type: 'text',
        autocomplete: 'name',
        required: false,
        attributes: 'maxlength="128"',
      },
      { ...newPassword, label: 'Password for a new account', required: false },
    ],
    action: 'Take the invitation',
    byToken: true,
    links: [signIn, forgotten],
  },
  'reset-password': {
    title: 'Choose a new password',
    intro: 'All your sessions end when you do.',
    fields: [newPassword],
    action: 'Change my password',
    byToken: true,
    links: [signIn],
  },
  'forgot-password': {
    title: 'Forgotten password',
    intro: 'A mail says how to choose another one.',
    fields: [email],
    action: 'Send the mail',
    byToken: false,
    links: [signIn],
  },
  'sign-in': {
    title: 'Sign in',
    intro: 'With the address and the password of your account.',
    fields: [email, password],
    action: 'Sign in',
    byToken: false,
    links: [forgotten],
  },
};

const fieldOf = ({ name, label, type, autocomplete, required, hint = '', attributes = '' }: Field): string =>
  `<label for="${name}">${label}</label>
<input id="${name}" name="${name}" type="${type}" autocomplete="${autocomplete}" aria-describedby="${name}-hint" ${required ? 'required' : ''} ${attributes}>
<p class="hint" id="${name}-hint">${hint}</p>`;

/** A page as HTML. Without its script its form goes nowhere: what is typed there must never stand in an address. */
export const accountPage = (
  name: string,
  { title, intro, fields, action, byToken, links }: Page,
): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${title} · Leadfold</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="accounts.css">
<script src="accounts.js" defer></script>
</head>
<body>
<main>
<h1>${title}</h1>
<noscript><p>This page needs JavaScript.</p></noscript>
<p role="status" aria-live="polite" tabindex="-1"></p>
<form method="post" data-page="${name}" ${byToken ? 'data-token' : ''}>
<p>${intro}</p>
${fields.map(fieldOf).join('\n')}
<button type="submit">${action}</button>
</form>
<nav aria-label="Other pages"><ul>${links.map(([page, text]) => `<li><a href="${page}">${text}</a></li>`).join('')}</ul></nav>
</main>
</body>
</html>
`;
