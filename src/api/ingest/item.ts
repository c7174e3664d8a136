import { createHash } from 'node:crypto';
import type { Activity, Json, JsonObject } from '../../domain/lead/activity.ts';
import type { Capture, Named } from '../../flows/capture-groups.ts';
import type { Identifier, Unresolved } from '../../domain/identity/identity.ts';
import { identifierKinds } from '../../domain/identity/identity.ts';
import { heldAs, isEmptyList, isObject, itemLimits } from './json.ts';
import type { ReadIdentifier } from './item-texts.ts';
import { readIdentifier, readPreviousId, readText } from './item-texts.ts';
import { instantOf, timesAre } from './time.ts';

/** What is wrong with an item, and where in it. */
export type Fault = { readonly pointer: string; readonly detail: string };

/** Something that was left out of an item, which is recorded all the same. The pointer leads from the item. */
export type Warning = Fault & { readonly code: 'field-left-out' | 'field-unknown' };

/** Tells that a field was left out, and why. */
export const leftOut = (pointer: string, why: string): Warning => ({
  code: 'field-left-out',
  pointer,
  detail: `${why}; it was left out`,
});

/** What is captured of an item, where in it its traits stand, and what was left out. */
type Captured = { readonly capture: Capture; readonly traitsAt: string; readonly warnings?: readonly Warning[] };

/** What an item comes to: something to capture, or all that is wrong with it, or nothing to do. */
export type Translated = Captured | Faulty | { readonly ignored: string };
/** What is wrong with it. `reason` says it in a word, where the first fault's place does not, as whoever maps items chose that. */
export type Faulty = Partial<Named> & {
  readonly eventId: string | undefined;
  readonly faults: readonly [Fault, ...Fault[]];
  readonly reason?: 'nobody' | Field;
};

type Field =
  | ('userId' | 'email' | 'anonymousId' | 'emailTrait' | 'previousId')
  | ('eventId' | 'eventType' | 'timestamp' | 'sentAt')
  | ('sessionId' | 'properties' | 'traits');

/**
 * What an item says, taken out of its format and not checked yet. `emailTrait` identifies only when it can, and `previousId` is
 * an id of any kind.
 */
export type Said = { readonly [F in Field]?: Json | undefined } & {
  /** What is kept as it is: `keptContext` has looked at it. */
  readonly context?: JsonObject | undefined;
};

/**
 * How a format says it. `places` are pointers of fields that it calls by another name. `lenient`: numbers are texts too, a blank
 * text and an empty list are as good as none, and what is wrong and not needed is left out.
 */
export type Format = {
  readonly source: string;
  readonly lenient: boolean;
  readonly places: Readonly<Partial<Record<Field, string>>>;
};

/** How an item got here. `newEventId` names an activity whose sender did not. */
export type Arrival = { readonly receivedAt: Date; readonly newEventId: () => string };

const dayMs = 86_400_000;

const { values: most } = itemLimits;
const tooManyValues = (): string =>
  `makes it too many values; at most ${most.toLocaleString('en')} are allowed in properties and traits together`;

/** The most characters of the ids of activities and sessions. */
const mostOfId = 256;

/** Collects what is wrong with an item while it is read, and what of it is left out for that. */
const readerOf = (said: Said, { places, lenient }: Format) => {
  const faults: Fault[] = [];
  const warnings: Warning[] = [];
  const at = (field: Field): string => places[field] ?? `/${field}`;
  const refused: Field[] = [];
  const refuse = (field: Field, detail: string): void => {
    refused.push(field);
    faults.push({ pointer: at(field), detail });
  };
  /** For what an item can do without. */
  const spare = (field: Field, detail: string): void => {
    if (lenient) warnings.push(leftOut(at(field), detail));
    else refuse(field, detail);
  };

  const id = (field: 'eventId' | 'sessionId'): string | undefined => {
    const { text, fault } = readText(said[field], lenient, mostOfId);
    if (fault) spare(field, fault);
    return text;
  };

  /** An id that is too long has a shorter one in its place, as what comes again would else be another activity. */
  const eventId = (): string | undefined => {
    const text = id('eventId');
    const given = said.eventId;
    if (text !== undefined || !lenient || typeof given !== 'string' || given.length <= mostOfId) return text;
    const whole = given.trim();
    return whole === '' ? undefined : createHash('sha256').update(whole).digest('hex');
  };

  const eventType = (): string | undefined => {
    const { text, fault } = readText(said.eventType, lenient, 128);
    if (text === undefined) refuse('eventType', fault ?? 'is missing; say what happened');
    return text;
  };

  let held = 0;
  const object = (field: 'properties' | 'traits'): JsonObject | undefined => {
    const { [field]: given = null } = said;
    if (given === null || (lenient && isEmptyList(given))) return undefined;
    const { value, values, fault, unnamed } = heldAs(field, given, lenient);
    const tooMany = held <= most && held + values > most;
    if (fault !== undefined) spare(field, fault);
    else if (tooMany) spare(field, tooManyValues());
    else if (unnamed !== undefined) warnings.push({ code: 'field-left-out', pointer: at(field), detail: unnamed });
    const taken = fault === undefined && !tooMany;
    if (taken || !lenient) held += values;
    return taken && isObject(value) ? value : undefined;
  };

  const identifiers = (): { readonly found: readonly Identifier[]; readonly unresolved: readonly Unresolved[] } => {
    const found: Identifier[] = [];
    const unresolved: Unresolved[] = [];
    const wrong: (readonly [Field, string])[] = [];
    const take = ({ identifier, former = [] }: ReadIdentifier): void => {
      if (identifier) found.push(identifier);
      for (const each of former) unresolved.push({ candidates: [each], fallback: undefined });
    };
    for (const kind of identifierKinds) {
      const read = readIdentifier(kind, said[kind], lenient);
      if (read.fault !== undefined) wrong.push([kind, read.fault]);
      if (read.identifier || kind !== 'email' || typeof said.emailTrait !== 'string') take(read);
      else take(readIdentifier(kind, said.emailTrait, lenient));
    }
    const previous = readPreviousId(said.previousId, lenient);
    if (previous.fault !== undefined) refuse('previousId', previous.fault);
    if (previous.unresolved) unresolved.push(previous.unresolved);
    if (found.length === 0 && wrong.length === 0 && previous.fault === undefined) {
      faults.push({ pointer: '', detail: 'says of nobody that they did it; send userId, email or anonymousId' });
    }
    for (const each of wrong) (found.length === 0 ? refuse : spare)(...each);
    return { found, unresolved };
  };

  const occurredAt = (received: number): { readonly instant: number; readonly exact: boolean } => {
    const { timestamp = null, sentAt = null } = said;
    const sent = sentAt === null ? undefined : instantOf(sentAt);
    if (sentAt !== null && sent === undefined) spare('sentAt', timesAre);
    if (timestamp === null) return { instant: received, exact: false };
    const given = instantOf(timestamp);
    const instant = given === undefined || sent === undefined ? given : received - (sent - given);
    if (instant === undefined || instant < 0) spare('timestamp', timesAre);
    else if (instant > received + dayMs) spare('timestamp', 'lies more than 24 hours in the future');
    // A time that was corrected by the sender's clock differs a little with every try.
    else return { instant, exact: sent === undefined };
    return { instant: received, exact: false };
  };

  return { faults, refused, warnings, id, eventId, eventType, object, identifiers, occurredAt };
};

/** An item that is nothing that can be read. */
export const faulty = (pointer: string, detail: string): Faulty => ({
  eventId: undefined,
  faults: [{ pointer, detail }],
});

/** Checks what an item says, and makes of it what is captured. `aside` is what was left out of it before. */
export const toCapture = (
  said: Said,
  format: Format,
  { receivedAt, newEventId }: Arrival,
  aside: readonly Warning[] = [],
): Translated => {
  const reader = readerOf(said, format);
  const { faults } = reader;
  const {
    found: [strongest, ...weaker],
    unresolved,
  } = reader.identifiers();
  const named = strongest && {
    identifiers: [strongest, ...weaker] as const,
    ...(unresolved.length > 0 && { unresolved }),
  };
  const [eventId, eventType] = [reader.eventId(), reader.eventType()];
  const { instant, exact } = reader.occurredAt(receivedAt.getTime());
  const sessionId = reader.id('sessionId');
  const [properties, traits] = [reader.object('properties'), reader.object('traits')];

  const [first, ...more] = faults;
  if (first || !named || eventType === undefined) {
    const others = [...more, ...aside.map(({ pointer, detail }) => ({ pointer, detail }))];
    const faulty: Faulty = {
      ...named,
      eventId,
      faults: [first ?? { pointer: '', detail: 'is incomplete' }, ...others],
    };
    if (format.source === 'webhook') return { ...faulty, reason: reader.refused[0] ?? 'nobody' };
    return first?.pointer === '' ? { ...faulty, reason: 'nobody' } : faulty;
  }
  const activity: Activity = {
    eventId: eventId ?? newEventId(),
    eventType,
    source: format.source,
    occurredAt: new Date(instant).toISOString(),
    receivedAt: receivedAt.toISOString(),
    properties: properties ?? {},
    ...(sessionId !== undefined && { sessionId }),
    ...(traits && { traits }),
    ...(said.context && { context: said.context }),
  };
  const warnings = [...reader.warnings, ...aside];
  return {
    capture: { ...named, activity, exactTime: exact },
    traitsAt: format.places.traits ?? '/traits',
    ...(warnings.length > 0 && { warnings }),
  };
};
