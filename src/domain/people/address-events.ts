import { z } from 'zod';
import type { EventsOf } from '../event.ts';
import { isoTime } from '../lead/activity.ts';

/** What is mailed. A verification, a reset and an invitation have a token. */
export const mailKinds = ['verification', 'reset', 'invitation', 'already-registered', 'password-changed'] as const;
export type MailKind = (typeof mailKinds)[number];

/** What became of a mail: it was taken by a server, or put into a file; refused for good; or it was too late for it. */
export const mailOutcomes = ['sent', 'refused', 'expired'] as const;

/**
 * The facts of an address, `address-<addressId>`, the id being a UUIDv5 of the address: so nobody else gets one that somebody has.
 * Passwords and tokens are in the vault; here are their names, and hashes of tokens. Shapes are forever.
 */
export const addressEvents = {
  AddressTaken: z
    .strictObject({ email: z.string(), personId: z.string(), at: isoTime })
    .describe('An address is a person’s, for ever. Whether they can read what is sent there is not known yet.'),
  MailRequested: z
    .strictObject({
      mailId: z.string(),
      kind: z.enum(mailKinds),
      at: isoTime,
      /** Until when it is worth sending, and its token holds. */
      until: isoTime,
      /** SHA-256 of the token, hexadecimal; the token itself is in the vault until it is sent. */
      hash: z.string().optional(),
      /** What the person is called who has the token, if they use it. */
      name: z.string().optional(),
      /** Whether a password came with what is asked; it is in the vault, under the id of the mail. */
      withPassword: z.literal(true).optional(),
      /** What a person is invited to. */
      projectId: z.string().optional(),
    })
    .describe('A mail is to be sent; what it says is made of the facts when it is sent.'),
  MailWithheld: z
    .strictObject({ mailId: z.string(), kind: z.enum(mailKinds), at: isoTime })
    .describe(
      'Somebody registered with the address, or invited its owner, and it had as many mails as may be: this one is not sent, and what the vault has of it is forgotten.',
    ),
  MailSettled: z
    .strictObject({ mailId: z.string(), outcome: z.enum(mailOutcomes), at: isoTime })
    .describe('A mail is not sent any more: it was, or it can’t be.'),
  TokenForgotten: z
    .strictObject({ tokenId: z.string() })
    .describe('The password that came with a registration is gone from the vault, unless it is in force.'),
  AddressVerified: z
    .strictObject({
      tokenId: z.string(),
      credentialId: z.string().optional(),
      name: z.string().optional(),
      at: isoTime,
    })
    .describe(
      'Who has the address can read what is sent there. Only a password that came with that very token is in force.',
    ),
  PasswordSet: z
    .strictObject({
      credentialId: z.string(),
      at: isoTime,
      /** By which token, where it was by one. */
      tokenId: z.string().optional(),
      /** The session that goes on: all others end. */
      spares: z.string().optional(),
    })
    .describe('Another password is in force, and other sessions than the one it was set in are over.'),
  InvitationAccepted: z
    .strictObject({ tokenId: z.string(), projectId: z.string(), at: isoTime })
    .describe('Somebody took an invitation that was sent to the address.'),
  SessionsEnded: z.strictObject({ at: isoTime }).describe('All sessions of the person are over.'),
} as const;
export type AddressEvent = EventsOf<typeof addressEvents>;
