import { v5 } from 'uuid';
import { z } from 'zod';
import type { Aggregate } from '../event.ts';
import { unchanged } from '../event.ts';
import { normalEmail } from '../identity/normal-form.ts';
import type { AddressEvent, MailKind } from './address-events.ts';

/** A mail address as it is asked for: in its normal form, of plain characters that no header can be made of. */
export const emailAddress = z.string().max(320).transform(normalEmail).pipe(z.email().max(254));

/** The namespace of address ids. It is part of stream names, so it can never change. */
const addressNamespace = '4b0f5a0e-8a9d-5d0c-9a39-63a2f0e5c871';

/** The id of an address in its normal form. */
export const addressIdOf = (email: string): string => v5(email, addressNamespace);

/** What a mail's token lets its reader do, once, until a time. It is called as the mail. */
export type Token = {
  readonly tokenId: string;
  readonly kind: MailKind;
  readonly hash: string;
  readonly until: string;
  readonly withPassword?: true | undefined;
  readonly name?: string | undefined;
  readonly projectId?: string | undefined;
};

/** A mail that was promised, and of which it is not known that it was sent. */
export type PromisedMail = { readonly mailId: string; readonly kind: MailKind; readonly until: string };

/**
 * Who has an address, and by what they prove it. `epoch` counts what ended all sessions; `spared` is the session that the last
 * of those left alone.
 */
export type AddressState = {
  readonly email: string | undefined;
  readonly personId: string | undefined;
  readonly verified: boolean;
  /** Under which name the password in force is in the vault. */
  readonly credentialId: string | undefined;
  readonly epoch: number;
  readonly spared: string | undefined;
  /** When the last mails were asked for. */
  readonly mailedAt: readonly string[];
  /** When somebody last asked who need not be who has the address, and it was recorded. */
  readonly askedAt: readonly string[];
  readonly promised: readonly PromisedMail[];
  readonly tokens: readonly Token[];
  /** Those that were taken and may come again to no effect. */
  readonly taken: readonly Token[];
  /** Of which mails the vault may still have the password that came with what they are about. */
  readonly withPassword: readonly string[];
};

const hour = 3_600_000;

/** How many mails an address is sent in an hour, of all kinds. */
export const mailsAnHour = 3;

const areFew = (times: readonly string[], now: Date): boolean =>
  times.filter((at) => now.getTime() - Date.parse(at) < hour).length < mailsAnHour;

/** Whether another mail may be sent to an address. */
export const mayMail = ({ mailedAt }: AddressState, now: Date): boolean => areFew(mailedAt, now);

/**
 * Whether it is recorded once more that somebody registered with an address, or invited its owner. Mails that only who has an account is
 * sent make no difference: else it could be seen whether there were any.
 */
export const mayAsk = ({ askedAt }: AddressState, now: Date): boolean => areFew(askedAt, now);

/** A token that holds at a time, by its hash. */
export const tokenBy = (tokens: readonly Token[], hash: string, now: Date): Token | undefined =>
  tokens.find((token) => token.hash === hash && token.until > now.toISOString());

/** What of some tokens has not expired. */
const lasting = (tokens: readonly Token[], at: string): readonly Token[] => tokens.filter(({ until }) => until > at);

/** What was taken, with a token that is taken now. */
const taking = ({ taken, tokens }: AddressState, tokenId: string): readonly Token[] => [
  ...taken,
  ...tokens.filter((token) => token.tokenId === tokenId),
];

type DataOf<T extends AddressEvent['type']> = Extract<AddressEvent, { type: T }>['data'];

const withLast = (times: readonly string[], at: string): readonly string[] => [...times, at].slice(-mailsAnHour);

const mailed = (state: AddressState, data: DataOf<'MailRequested'>): AddressState => {
  const { mailId, kind, at, until, hash, name, projectId, withPassword } = data;
  const token: readonly Token[] =
    hash === undefined ? [] : [{ tokenId: mailId, kind, hash, until, name, projectId, withPassword }];
  return {
    ...state,
    mailedAt: withLast(state.mailedAt, at),
    askedAt: withPassword === true || projectId !== undefined ? withLast(state.askedAt, at) : state.askedAt,
    promised: [...state.promised, { mailId, kind, until }],
    tokens: [...lasting(state.tokens, at), ...token],
    taken: lasting(state.taken, at),
    withPassword: withPassword ? [...state.withPassword, mailId] : state.withPassword,
  };
};

/** What is left of the tokens when one was taken, and with those of some kinds void. */
const afterTaking = (
  { tokens }: AddressState,
  tokenId: string | undefined,
  ...voided: readonly MailKind[]
): readonly Token[] => tokens.filter((token) => token.tokenId !== tokenId && !voided.includes(token.kind));

const evolve = (state: AddressState, event: AddressEvent): AddressState => {
  switch (event.type) {
    case 'AddressTaken':
      return { ...state, email: event.data.email, personId: event.data.personId };
    case 'MailRequested':
      return mailed(state, event.data);
    case 'MailWithheld':
      return {
        ...state,
        askedAt: withLast(state.askedAt, event.data.at),
        withPassword: [...state.withPassword, event.data.mailId],
      };
    case 'MailSettled':
      return { ...state, promised: state.promised.filter(({ mailId }) => mailId !== event.data.mailId) };
    case 'TokenForgotten':
      return { ...state, withPassword: state.withPassword.filter((id) => id !== event.data.tokenId) };
    case 'AddressVerified':
      return {
        ...state,
        verified: true,
        credentialId: event.data.credentialId,
        epoch: state.epoch + 1,
        spared: undefined,
        taken: taking(state, event.data.tokenId),
        // Whoever proved it has the last word: no password that came before can be let in any more.
        tokens: afterTaking(
          state,
          event.data.tokenId,
          'verification',
          ...(event.data.credentialId === undefined ? [] : (['reset'] as const)),
        ),
      };
    case 'PasswordSet':
      return {
        ...state,
        credentialId: event.data.credentialId,
        epoch: state.epoch + 1,
        spared: event.data.spares,
        tokens: afterTaking(state, undefined, 'reset'),
      };
    case 'InvitationAccepted':
      return { ...state, taken: taking(state, event.data.tokenId), tokens: afterTaking(state, event.data.tokenId) };
    case 'SessionsEnded':
      return { ...state, epoch: state.epoch + 1, spared: undefined };
    default:
      return unchanged(state, event);
  }
};

export const address: Aggregate<AddressState, AddressEvent> = {
  name: 'address',
  initial: {
    email: undefined,
    personId: undefined,
    verified: false,
    credentialId: undefined,
    epoch: 0,
    spared: undefined,
    mailedAt: [],
    askedAt: [],
    promised: [],
    tokens: [],
    taken: [],
    withPassword: [],
  },
  evolve,
  measure: ({ tokens, taken, promised }) => 1_200 + (tokens.length + taken.length + promised.length) * 400,
};

/** Whether a session that began in an epoch of its person's address goes on. */
export const isOfEpoch = ({ epoch, spared }: AddressState, sessionId: string, began: number): boolean =>
  began === epoch || sessionId === spared;
