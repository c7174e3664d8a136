import { z } from 'zod';
import type { AddressEvent } from '../domain/people/address-events.ts';
import { mailKinds } from '../domain/people/address-events.ts';
import { idOfStream, streamsOf } from '../domain/streams.ts';
import type { Projection } from './projection.ts';
import { allProjects } from './projects.ts';

const mailDocument = z.object({
  mailId: z.string(),
  addressId: z.string(),
  kind: z.enum(mailKinds),
  /** When there is something to do about it, ISO 8601: to send it, or to forget the password that came with it. */
  dueAt: z.string(),
  until: z.string(),
  withPassword: z.boolean(),
});
export type MailDocument = Readonly<z.infer<typeof mailDocument>>;

type Fact = Extract<AddressEvent, { type: 'MailRequested' | 'MailWithheld' | 'MailSettled' | 'TokenForgotten' }>;

/** The mails that are to be sent, and those of which the vault has something, until that is forgotten. No address is among them. */
export const mails: Projection<MailDocument, Fact> = {
  name: 'mails',
  version: 2,
  streams: [streamsOf('address')],
  types: ['MailRequested', 'MailWithheld', 'MailSettled', 'TokenForgotten'],
  document: mailDocument,
  indexes: [['dueAt']],
  keys: ({ data }) => [{ project: allProjects, id: 'mailId' in data ? data.mailId : data.tokenId }],
  evolve: (doc, { type, data, stream }) => {
    switch (type) {
      case 'MailRequested': {
        const { mailId, kind, at, until, withPassword = false } = data;
        return { mailId, addressId: idOfStream('address', stream) ?? '', kind, dueAt: at, until, withPassword };
      }
      case 'MailWithheld': {
        const { mailId, kind, at } = data;
        return {
          mailId,
          addressId: idOfStream('address', stream) ?? '',
          kind,
          dueAt: at,
          until: at,
          withPassword: true,
        };
      }
      case 'MailSettled':
        return doc?.withPassword ? { ...doc, dueAt: doc.until } : undefined;
      case 'TokenForgotten':
        return undefined;
    }
  },
};
