import type { FastifyRequest } from 'fastify';
import { createHash } from 'node:crypto';
import { v5 } from 'uuid';
import type { Captured } from '../../flows/capture.ts';
import { capture } from '../../flows/capture.ts';
import type { Capture } from '../../flows/capture-groups.ts';
import { unrepeatable } from '../../engine/command.ts';
import type { Request } from '../../engine/handle.ts';
import { keyRequest } from '../../commands/lead/key-request.ts';
import { activityOf } from '../../domain/lead/activities.ts';
import { isRetry } from '../../domain/lead/activity.ts';
import { identifierKey, normalized } from '../../domain/identity/identity.ts';
import { requestIdOf } from '../../domain/lead/keyed-request.ts';
import { lead } from '../../domain/lead/lead.ts';
import { leadStreamId } from '../../domain/streams.ts';
import { projectOf } from '../http/auth.ts';
import { commandOf, idempotencyKeyOf } from '../http/request.ts';
import type { ApiContext } from '../http/context.ts';
import type { WayIn } from '../../domain/sources/reject.ts';
import type { Arrival, Faulty, Translated, Warning } from './item.ts';
import type { CameBy, Sent } from './rejects.ts';
import { keepRefused } from './rejects.ts';

/** The namespace of event ids made from an Idempotency-Key. */
const eventNamespace = 'b5a0b7c6-3f0e-5c1d-9a51-0c6a3f8f6e02';

/** What came in one request: for whom, who sent it, and how each of its items arrived. */
export type Delivery = {
  readonly projectId: string;
  readonly sender: Request;
  /** The request carries an Idempotency-Key. */
  readonly keyed: boolean;
  readonly arrivalOf: (index: number) => Arrival;
  /** Counts the items before any is recorded. Throws a `Problem` when those are more than the sender may send now. */
  readonly counted: (items: number) => void;
  /** Told of the items that are refused. */
  readonly refused: (items: readonly Faulty[]) => void;
  readonly cameBy: CameBy;
};

/** What an answer says of a recorded item besides: where in it its traits stand, where some were left out, and what else was. */
type Told = { readonly traitsAt?: string; readonly warnings?: readonly Warning[] };

/** What became of an item. */
export type Outcome = (Captured & Told) | Faulty | { readonly ignored: string };

/** What is common to the items of a request. An item that names no event gets the same id whenever an Idempotency-Key is sent again. */
export const deliveryOf = ({ clock, newId }: ApiContext, request: FastifyRequest, via: WayIn): Delivery => {
  const receivedAt = clock();
  const keyed = idempotencyKeyOf(request) !== undefined;
  // Another activity of the same person is told of by `conflict`.
  const asked = commandOf(request, 'Capture');
  const sender = keyed ? asked : { ...asked, commandId: unrepeatable(asked.commandId) };
  const newEventId = (index: number) => (keyed ? v5(`${sender.commandId}/${index}`, eventNamespace) : newId());
  const arrivalOf = (index: number) => ({ receivedAt, newEventId: () => newEventId(index) });
  const refused = (items: readonly Faulty[]): void => request.server.refused(request, items);
  const counted = (items: number): void => request.server.limiting.events(request, items);
  const cameBy = { via, receivedAt, ...(keyed && { name: sender.commandId }) };
  return { projectId: projectOf(request), sender, keyed, arrivalOf, counted, refused, cameBy };
};

/** For how long items of a request are worked on before others have their turn, in ms. */
const aPiece = 0.5;

/** What recording works with. */
export type Recording = Pick<ApiContext, 'engine' | 'clock' | 'newId'>;

/** Does something with each of the items of a project's request in order, and lets others have their turn meanwhile. */
export const eachInTurn = async <T, R>(
  { engine }: Pick<Recording, 'engine'>,
  projectId: string,
  items: readonly T[],
  does: (item: T, index: number) => R | Promise<R>,
): Promise<readonly R[]> => {
  const done: R[] = [];
  let begun = performance.now();
  for (const [index, item] of items.entries()) {
    if (performance.now() - begun > aPiece) {
      await engine.yieldToOthers(projectId);
      begun = performance.now();
    }
    const one = does(item, index);
    done.push(one instanceof Promise ? await one : one);
  }
  return done;
};

/** A retry is answered as before. What isn't the same as before is no retry: it was not recorded, and is told so. */
const unlessOther = async (
  { engine }: Pick<Recording, 'engine'>,
  projectId: string,
  captured: Captured,
  { activity, exactTime }: Capture,
) => {
  const { state } = await engine.states.get(lead, leadStreamId(projectId, captured.leadId));
  const first = activityOf(state.activities, captured.eventId);
  const same = !first || isRetry(first, activity, exactTime);
  return same ? captured : ({ ...captured, status: 'duplicate', conflict: true } as const);
};

/**
 * Whom an item names, however it spells them. One that is refused counts: when the same comes again its time may lie no longer
 * in the future.
 */
const namedIn = (item: Translated): readonly string[] => {
  if ('ignored' in item) return [];
  const { identifiers = [], unresolved = [] } = 'capture' in item ? item.capture : item;
  if (unresolved.length === 0) return identifiers.map(identifierKey);
  const candidates = unresolved.flatMap((each) => each.candidates.map(normalized));
  return [...new Set([...identifiers, ...candidates].map(identifierKey))];
};

/**
 * Whom the items of a request name, one after the other, as SHA-256. The command id in it, which holds what the sender chose,
 * keeps others from trying out whose hash it is.
 */
const personsIn = async (api: Recording, { projectId, sender }: Delivery, items: readonly Translated[]) => {
  const persons = createHash('sha256').update(sender.commandId);
  await eachInTurn(api, projectId, items, (item) => void persons.update(JSON.stringify(namedIn(item))));
  return persons.digest('base64url');
};

/** Keeps whom a request names that may come again, and throws a `Rejection` when it named others before. */
const claim = async (api: Recording, delivery: Delivery, items: readonly Translated[]): Promise<void> => {
  const { projectId, sender } = delivery;
  const { expected: _, ...asked } = sender;
  const requestId = requestIdOf(sender.commandId);
  const persons = await personsIn(api, delivery, items);
  // The key that the sender chose may say who somebody is: it is in no stream but those of leads.
  const request = { ...asked, commandId: unrepeatable(requestId) };
  await api.engine.handle(keyRequest, { projectId, requestId, persons }, request);
};

/**
 * Captures what can be captured, and keeps the others as they were `sent`, if that is given. When it resolves, all is durable, up to
 * `position` (0 when there is nothing). Throws a `Rejection` and records nothing when the Idempotency-Key came with other people before, and
 * a `Problem` when the sender may not send so many.
 */
export const record = async (
  api: Recording,
  delivery: Delivery,
  items: readonly Translated[],
  sent?: (index: number) => Sent,
): Promise<{ readonly outcomes: readonly Outcome[]; readonly position: number }> => {
  const { projectId, sender, keyed, counted, refused } = delivery;
  counted(items.length);
  const captures = items.flatMap((item) => ('capture' in item ? [item.capture] : []));
  if (keyed && captures.length > 0) await claim(api, delivery, items);
  const captured = await capture(api.engine, projectId, captures, sender);
  const told = keyed
    ? await eachInTurn(api, projectId, captured, (result, index) => {
        const said = captures[index];
        return said ? unlessOther(api, projectId, result, said) : result;
      })
    : captured;
  const faulty = items.flatMap((item, index) => ('faults' in item ? [[item, index] as const] : []));
  refused(faulty.map(([item]) => item));
  const kept = sent ? await keepRefused(api, delivery, faulty, sent) : 0;
  const next = told.values();
  const outcomes = items.flatMap((item): readonly Outcome[] => {
    if (!('capture' in item)) return [item];
    const { value } = next.next();
    if (!value) return [];
    const { traitsAt, warnings } = item;
    if (!value.traitsLeftOut && !warnings) return [value];
    return [{ ...value, traitsAt, ...(warnings && { warnings }) }];
  });
  return { outcomes, position: told.reduce((most, { position }) => Math.max(most, position), kept) };
};
