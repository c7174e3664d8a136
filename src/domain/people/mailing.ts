import type { AddressState } from './address.ts';
import { mayAsk, mayMail } from './address.ts';
import type { AddressEvent, MailKind } from './address-events.ts';

const [minute, day] = [60_000, 24 * 3_600_000];

/** For how long a mail is worth sending and its token holds, in ms. */
export const mailsLast: Readonly<Record<MailKind, number>> = {
  verification: day,
  reset: 60 * minute,
  invitation: 7 * day,
  'already-registered': day,
  'password-changed': day,
};

type Requested = Extract<AddressEvent, { type: 'MailRequested' }>;
type Withheld = Extract<AddressEvent, { type: 'MailWithheld' }>;

/** What is asked for besides the kind and the times of a mail. */
export type MailAsked = Omit<Requested['data'], 'kind' | 'at' | 'until'>;

/** That a mail is to be sent; nothing where the address had as many lately as it may. */
export const mailRequested = (
  state: AddressState,
  kind: MailKind,
  asked: MailAsked,
  now: Date,
): readonly Requested[] => {
  if (!mayMail(state, now)) return [];
  const until = new Date(now.getTime() + mailsLast[kind]).toISOString();
  return [{ type: 'MailRequested', data: { ...asked, kind, at: now.toISOString(), until } }];
};

/**
 * The same where somebody asks who need not be who has the address. That no mail is sent is recorded as well, so that from outside it looks
 * the same; of what is asked too often nothing is.
 */
export const mailAsked = (
  state: AddressState,
  kind: MailKind,
  asked: MailAsked,
  now: Date,
): readonly (Requested | Withheld)[] => {
  if (!mayAsk(state, now)) return [];
  const mail = mailRequested(state, kind, asked, now);
  return mail.length > 0
    ? mail
    : [{ type: 'MailWithheld', data: { mailId: asked.mailId, kind, at: now.toISOString() } }];
};
