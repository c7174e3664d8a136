import type { MailKind } from '../../domain/people/address-events.ts';

/** What a mail is made of. `token` is there for the kinds that have one, `project` is what somebody is invited to. */
export type MailFacts = {
  readonly kind: MailKind;
  readonly publicUrl: string;
  readonly token?: string | undefined;
  readonly project?: string | undefined;
};

export type MailText = { readonly subject: string; readonly text: string; readonly html: string };

/** A page of the console; what follows the # stays in the reader's browser. */
const linkTo = (publicUrl: string, page: string, token: string | undefined): string =>
  `${publicUrl}/console/${page}${token === undefined ? '' : `#token=${token}`}`;

type Parts = {
  readonly subject: string;
  readonly before: readonly string[];
  readonly link: string;
  readonly action: string;
  readonly after: readonly string[];
};

const nothingToDo = 'If it was not you, you have nothing to do: nothing happens until the link is opened.';

/** What each kind of mail says. Subjects are ours alone: nothing that somebody gave becomes a header. */
const parts: Readonly<Record<MailKind, (facts: MailFacts) => Parts>> = {
  verification: ({ publicUrl, token }) => ({
    subject: 'Verify your address for Leadfold',
    before: [
      'Somebody, most likely you, registered at Leadfold with this address.',
      'To verify it, open this link within 24 hours:',
    ],
    link: linkTo(publicUrl, 'verify-email', token),
    action: 'Verify the address',
    after: [nothingToDo],
  }),
  reset: ({ publicUrl, token }) => ({
    subject: 'Choose a new password for Leadfold',
    before: [
      'Somebody, most likely you, forgot the password for this address.',
      'To choose another one, open this link within 60 minutes. It works once:',
    ],
    link: linkTo(publicUrl, 'reset-password', token),
    action: 'Choose a password',
    after: [nothingToDo],
  }),
  invitation: ({ publicUrl, token, project }) => ({
    subject: 'You are invited to a project at Leadfold',
    before: [
      project === undefined
        ? 'You are invited to a project at Leadfold.'
        : `You are invited to the project "${project}" at Leadfold.`,
      'To take the invitation, open this link within 7 days. It works once:',
    ],
    link: linkTo(publicUrl, 'accept-invitation', token),
    action: 'Take the invitation',
    after: ['If you do not expect this, you have nothing to do.'],
  }),
  'already-registered': ({ publicUrl }) => ({
    subject: 'You are registered at Leadfold already',
    before: [
      'Somebody, most likely you, tried to register at Leadfold with this address. It is registered already.',
      'To sign in, or to choose another password, open this page:',
    ],
    link: linkTo(publicUrl, 'sign-in', undefined),
    action: 'Sign in',
    after: ['If it was not you, you have nothing to do: nothing was changed.'],
  }),
  'password-changed': ({ publicUrl }) => ({
    subject: 'Your password for Leadfold was changed',
    before: [
      'The password for this address was changed, and all other sessions were ended.',
      'If it was not you, choose another password at once, on this page:',
    ],
    link: linkTo(publicUrl, 'sign-in', undefined),
    action: 'Sign in',
    after: ['If it was you, you have nothing to do.'],
  }),
};

const escaped = (text: string): string => text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);

/** How much of a name is repeated in a mail, in characters. */
const longestName = 64;

/** What programs for mail make a link of, or take for an address. */
const linkLike = /:\/\/|@|[.．。]\p{L}{2}/u;

/**
 * A name that somebody gave, on one line, without what is not shown and without what ends a quotation. One that could lead somewhere is not
 * repeated at all: anybody may have anybody mailed that they are invited, and what the mail says is ours.
 */
const asName = (text: string): string | undefined => {
  const name = text
    .replace(/[\p{C}\p{Z}]+/gu, ' ')
    .replaceAll('"', "'")
    .trim();
  return linkLike.test(name) ? undefined : [...name].slice(0, longestName).join('');
};

/** A mail as plain text and as HTML, which say the same. */
export const mailText = (given: MailFacts): MailText => {
  const { project } = given;
  const { subject, before, link, action, after } = parts[given.kind]({
    ...given,
    project: project === undefined ? undefined : asName(project),
  });
  // Not by the name that somebody gave: it may be somebody else's words to whoever has the address.
  const greeting = 'Hello,';
  const paragraph = (text: string): string => `<p>${escaped(text)}</p>`;
  return {
    subject,
    text: [greeting, ...before, link, ...after, 'Leadfold'].join('\n\n').concat('\n'),
    html: [
      `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${escaped(subject)}</title></head><body>`,
      ...[greeting, ...before].map(paragraph),
      `<p><a href="${escaped(link)}">${escaped(action)}</a></p>`,
      paragraph(link),
      ...after.map(paragraph),
      '<p>Leadfold</p></body></html>',
    ].join('\n'),
  };
};
