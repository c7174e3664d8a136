import { forgetToken } from '../commands/people/forget-token.ts';
import { settleMail } from '../commands/people/settle-mail.ts';
import type { MailKind } from '../domain/people/address-events.ts';
import { address } from '../domain/people/address.ts';
import { project } from '../domain/projects/project.ts';
import { unrepeatable } from '../engine/command.ts';
import type { Request } from '../engine/handle.ts';
import type { Engine } from '../flows/engine.ts';
import { LRUCache } from 'lru-cache';
import type { Mailer } from '../outside/mail/mailer.ts';
import { MailNotSent } from '../outside/mail/mailer.ts';
import { mailText } from '../outside/mail/templates.ts';
import type { Credentials } from '../outside/vault/credentials.ts';
import type { MailDocument } from '../projections/mails.ts';
import { mails } from '../projections/mails.ts';
import { allProjects } from '../projections/projects.ts';
import type { Queries } from '../readmodels/queries.ts';
import type { ReadModels } from '../readmodels/read-models.ts';
import { leased } from './leased.ts';
import { poll } from './poll.ts';
import type { Recoveries } from './recoveries.ts';
import type { Subscription } from './subscription.ts';

/** How often is looked for what is due, in ms, and how many mails are read at a time. */
const [lookEvery, page] = [500, 100];

/** How long a mail that a server did not take now waits, and all of them while the server does not answer, in ms. */
const [first, longest] = [2_000, 5 * 60_000];

/** Of how many mails it is remembered that they wait; others are tried again sooner. */
const remembered = 10_000;

type Dependencies = {
  readonly engine: Engine;
  readonly readModels: Queries & ReadModels;
  readonly credentials: Credentials;
  readonly mailer: Mailer;
  readonly publicUrl: string;
  readonly clock: () => Date;
  readonly newId: () => string;
  readonly lease?: { readonly holder: string; readonly lifetime: number };
  readonly recoveries: Recoveries;
  /** Is told of mails: which, and what became of them; never to whom. */
  readonly onMail: (mail: { readonly mailId: string; readonly kind: MailKind }, said: string) => void;
  readonly onError: (error: unknown) => void;
};

/** What sends mails, where this process does. */
export type Mailing = {
  /** Resolves when all that was due was tried. */
  readonly quiet: () => Promise<void>;
  readonly stop: () => Promise<void>;
};

type Waits = { readonly failures: number; readonly until: number };

const longer = (before: Waits | undefined, now: number): Waits => {
  const failures = (before?.failures ?? 0) + 1;
  return { failures, until: now + Math.min(longest, first * 2 ** (failures - 1)) };
};

const startSending = (dependencies: Dependencies) => {
  const { engine, readModels, credentials, mailer, publicUrl, clock, newId, onMail, onError } = dependencies;
  const stopping = new AbortController();
  const waiting = new LRUCache<string, Waits>({ maxSize: remembered, sizeCalculation: () => 1 });
  let away: Waits | undefined;

  const request = (): Request => ({ commandId: unrepeatable(newId()), correlationId: newId(), actor: 'mails' });

  const settle = async (
    { addressId, mailId }: MailDocument,
    outcome: 'sent' | 'refused' | 'expired',
  ): Promise<void> => {
    await engine.handle(settleMail, { addressId, mailId, outcome }, request());
    await credentials.remove('mail', mailId);
    waiting.delete(mailId);
  };

  /** Takes out of the vault what came with a registration that is not verified by now, or was by another mail, or with a mail that is not sent. */
  const forget = async ({ addressId, mailId }: MailDocument): Promise<void> => {
    const { state } = await engine.states.refresh(address, addressId);
    if (state.credentialId !== mailId) await credentials.remove('password', mailId);
    await credentials.remove('mail', mailId);
    await engine.handle(forgetToken, { addressId, tokenId: mailId }, request());
  };

  const send = async (doc: MailDocument, to: string, projectId: string | undefined): Promise<void> => {
    const { mailId, kind } = doc;
    const token = await credentials.get('mail', mailId);
    const named = projectId === undefined ? undefined : (await engine.states.get(project, projectId)).state.name;
    await mailer.send({ ...mailText({ kind, publicUrl, token, project: named }), mailId, to });
    onMail({ mailId, kind }, 'sent');
    await settle(doc, 'sent');
  };

  /** Does what is due about a mail, by what the log says of it. Rejects with `MailNotSent` when it stays. */
  const deal = async (doc: MailDocument): Promise<void> => {
    const now = clock().toISOString();
    const { state } = await engine.states.refresh(address, doc.addressId);
    const promised = state.promised.some(({ mailId }) => mailId === doc.mailId);
    if (!promised) return doc.until <= now ? forget(doc) : undefined;
    if (doc.until <= now) return settle(doc, 'expired');
    const of = state.tokens.find(({ tokenId }) => tokenId === doc.mailId);
    if (state.email !== undefined) await send(doc, state.email, of?.projectId);
  };

  const notSent = async (doc: MailDocument, error: MailNotSent): Promise<void> => {
    const now = clock().getTime();
    onMail(doc, error.message);
    if (error.trouble === 'refused') return settle(doc, 'refused');
    if (error.trouble === 'delayed') waiting.set(doc.mailId, longer(waiting.get(doc.mailId), now));
    else away = longer(away, now);
  };

  const tryOne = async (doc: MailDocument): Promise<void> => {
    try {
      await deal(doc);
      away = undefined;
    } catch (error) {
      if (!(error instanceof MailNotSent)) return onError(error);
      await notSent(doc, error).catch(onError);
    }
  };

  const isAway = (): boolean => away !== undefined && away.until > clock().getTime();

  /** Goes through all that is due once, the oldest first. While no server answers, none of it is tried. */
  const look = async (): Promise<void> => {
    let after: readonly (string | number)[] | undefined;
    do {
      if (isAway()) return;
      const found: Awaited<ReturnType<typeof pageAfter>> = await pageAfter(after);
      for (const doc of found.docs) {
        if (stopping.signal.aborted || isAway()) return;
        if ((waiting.get(doc.mailId)?.until ?? 0) <= clock().getTime()) await tryOne(doc);
      }
      after = found.next;
    } while (after !== undefined);
  };

  const pageAfter = (after: readonly (string | number)[] | undefined) =>
    readModels.find(allProjects, mails, {
      where: [{ field: 'dueAt', op: 'lte', value: clock().toISOString() }],
      sort: [{ field: 'dueAt', direction: 'asc' }],
      limit: page,
      ...(after && { after }),
    });

  let looking: Promise<void> = Promise.resolve();
  // One look at a time: a mail that is under way must not be sent again by the next.
  const lookInTurn = (): Promise<void> => (looking = looking.then(look, look));
  const polling = poll(lookInTurn, { every: lookEvery, signal: stopping.signal, onError });
  return {
    quiet: lookInTurn,
    stop: async () => {
      stopping.abort();
      await polling.ended;
      await looking.catch(() => undefined);
    },
  };
};

/**
 * Starts what sends mails. That one is to be sent is a fact, so it is also after a restart; its token is in the vault until then. Of
 * several processes one sends at a time. If it dies between sending and saying so, the mail is sent again with the same Message-ID.
 */
export const startMailing = (dependencies: Dependencies): Mailing => {
  const { readModels, lease, recoveries, clock, mailer } = dependencies;
  let current: ReturnType<typeof startSending> | undefined;
  const start = (): Subscription => {
    const sending = startSending(dependencies);
    current = sending;
    return {
      name: 'mails',
      status: () => ({ name: 'mails', position: 0, state: 'live', attempts: 0, since: clock(), rate: 0 }),
      reached: async () => undefined,
      stop: async () => {
        if (current === sending) current = undefined;
        await sending.stop();
      },
    };
  };
  // Nobody has a checkpoint of that name: how far it is the read models say.
  const names = { name: 'mails', checkpoint: 'mailing' };
  const running = lease ? leased({ ...lease, readModels, now: () => new Date(), recoveries }, names, start) : start();
  return {
    quiet: async () => current?.quiet(),
    stop: async () => {
      await running.stop();
      mailer.close();
    },
  };
};
