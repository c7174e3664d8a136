import type { Activity, Json, JsonObject } from '../../domain/activity.ts';
import type { Capture } from '../../commands/capture-groups.ts';
import type { Identifier, Unresolved } from '../../domain/identity.ts';
import { formerOf, identifierKinds, normalized, ofUnknownKind, refusalOf } from '../../domain/identity.ts';
import { faultOfTraits, heldBy, isObject, itemLimits, kindOf } from './json.ts';
import { instantOf, timesAre } from './time.ts';

/** What is wrong with an item, and where in it. */
export type Fault = { readonly pointer: string; readonly detail: string };

/** Something that was left out of an item, which is recorded all the same. The pointer leads from the item. */
export type Warning = Fault & { readonly code: 'field-left-out' | 'field-unknown' };

/** What is captured of an item, where in it its traits stand, and what was left out. */
type Captured = { readonly capture: Capture; readonly traitsAt: string; readonly warnings?: readonly Warning[] };

/** What an item comes to: something to capture, or all that is wrong with it, or nothing to do. */
export type Translated = Captured | Faulty | { readonly ignored: string };
export type Faulty = { readonly eventId: string | undefined; readonly faults: readonly [Fault, ...Fault[]] };

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
 * How a format says it. `places` are pointers of fields that it calls by another name. `lenient`: numbers are texts too, and
 * a blank text is as good as none.
 */
export type Format = {
  readonly source: string;
  readonly lenient: boolean;
  readonly places: Readonly<Partial<Record<Field, string>>>;
};

/** How an item got here. `newEventId` names an activity whose sender did not. */
export type Arrival = { readonly receivedAt: Date; readonly newEventId: () => string };

const dayMs = 86_400_000;

type Text = { readonly text?: string; readonly fault?: string };

/** Why a text can't be kept as it is, or undefined. */
export const faultOfText = (text: string): string | undefined => {
  if (text.includes('\0') || !text.isWellFormed()) {
    return 'holds a NUL character or half a character (a lone surrogate); send proper text';
  }
  // What bytes become that are not UTF-8: different names would become one, and different people one lead.
  return text.includes('\uFFFD') ? 'holds a character that could not be read (U+FFFD); send UTF-8' : undefined;
};

const readText = (value: Json | undefined, lenient: boolean, max = Infinity): Text => {
  if (value === undefined || value === null) return {};
  const given = lenient && typeof value === 'number' && Number.isFinite(value) ? String(value) : value;
  if (typeof given !== 'string') return { fault: `must be text, is ${kindOf(given)}` };
  const text = given.trim();
  if (text === '' && lenient) return {};
  if (text === '') return { fault: 'is blank; give it a value or leave it out' };
  if (text.length > max) return { fault: `is ${text.length} characters long; at most ${max} are allowed` };
  const fault = faultOfText(text);
  return fault === undefined ? { text } : { fault };
};

const readIdentifier = (kind: Identifier['kind'], value: Json | undefined, lenient: boolean) => {
  const { text, fault } = readText(value, lenient);
  if (text === undefined) return { fault };
  const identifier = normalized({ kind, value: text });
  if (identifier.value === '' && lenient) return {};
  const refusal = refusalOf(identifier);
  return refusal === undefined ? { identifier, former: formerOf({ kind, value: text }) } : { fault: refusal };
};

const readPreviousId = (value: Json | undefined, lenient: boolean) => {
  const { text, fault } = readText(value, lenient);
  if (text === undefined) return { fault };
  // What identifies nobody as an anonymousId does so as nothing else.
  const refusal = refusalOf(normalized({ kind: 'anonymousId', value: text }));
  return refusal === undefined ? { unresolved: ofUnknownKind(text) } : { fault: refusal };
};

const { values: most } = itemLimits;

/** Collects what is wrong with an item while it is read. */
const readerOf = (said: Said, { places, lenient }: Format) => {
  const faults: Fault[] = [];
  const refuse = (field: Field | undefined, detail: string): void => {
    faults.push({ pointer: field ? (places[field] ?? `/${field}`) : '', detail });
  };

  const text = (field: Field, max: number, missing?: string): string | undefined => {
    const { text, fault = text === undefined ? missing : undefined } = readText(said[field], lenient, max);
    if (fault) refuse(field, fault);
    return text;
  };

  let held = 0;
  const object = (field: Field): JsonObject | undefined => {
    const value = said[field];
    if (value === undefined || value === null) return undefined;
    const { values, fault: unfit } = heldBy(value);
    const fault = unfit ?? (field === 'traits' ? faultOfTraits(value) : undefined);
    if (fault !== undefined) refuse(field, fault);
    else if (held <= most && held + values > most) {
      refuse(
        field,
        `makes it too many values; at most ${most.toLocaleString('en')} are allowed in properties and traits together`,
      );
    }
    held += values;
    return isObject(value) ? value : undefined;
  };

  const identifiers = (): { readonly found: readonly Identifier[]; readonly unresolved: readonly Unresolved[] } => {
    const before = faults.length;
    const found: Identifier[] = [];
    const unresolved: Unresolved[] = [];
    const take = ({ identifier, former = [] }: ReturnType<typeof readIdentifier>): void => {
      if (identifier) found.push(identifier);
      for (const each of former) unresolved.push({ candidates: [each], fallback: undefined });
    };
    for (const kind of identifierKinds) {
      const read = readIdentifier(kind, said[kind], lenient);
      if (read.fault) refuse(kind, read.fault);
      if (read.identifier || read.fault || kind !== 'email' || typeof said.emailTrait !== 'string') take(read);
      else take(readIdentifier(kind, said.emailTrait, lenient));
    }
    const previous = readPreviousId(said.previousId, lenient);
    if (previous.fault) refuse('previousId', previous.fault);
    if (previous.unresolved) unresolved.push(previous.unresolved);
    if (found.length === 0 && faults.length === before) {
      refuse(undefined, 'says of nobody that they did it; send userId, email or anonymousId');
    }
    return { found, unresolved };
  };

  const occurredAt = (received: number): { readonly instant: number; readonly exact: boolean } => {
    const { timestamp = null, sentAt = null } = said;
    if (timestamp === null) return { instant: received, exact: false };
    const given = instantOf(timestamp);
    const sent = sentAt === null ? undefined : instantOf(sentAt);
    const instant = given === undefined || sent === undefined ? given : received - (sent - given);
    if (instant === undefined || instant < 0) refuse('timestamp', timesAre);
    else if (instant > received + dayMs) refuse('timestamp', 'lies more than 24 hours in the future');
    // A time that was corrected by the sender's clock differs a little with every try.
    else return { instant, exact: sent === undefined };
    return { instant: received, exact: false };
  };

  return { faults, text, object, identifiers, occurredAt };
};

/** An item that is nothing that can be read. */
export const faulty = (pointer: string, detail: string): Faulty => ({
  eventId: undefined,
  faults: [{ pointer, detail }],
});

/** Checks what an item says, and makes of it what is captured. */
export const toCapture = (said: Said, format: Format, { receivedAt, newEventId }: Arrival): Translated => {
  const { faults, text, object, identifiers, occurredAt } = readerOf(said, format);
  const {
    found: [strongest, ...others],
    unresolved,
  } = identifiers();
  const eventId = text('eventId', 256);
  const eventType = text('eventType', 128, 'is missing; say what happened');
  const { instant, exact } = occurredAt(receivedAt.getTime());
  const sessionId = text('sessionId', 256);
  const [properties, traits] = [object('properties'), object('traits')];

  const [first, ...more] = faults;
  if (first || !strongest || eventType === undefined) {
    return { eventId, faults: first ? [first, ...more] : [{ pointer: '', detail: 'is incomplete' }] };
  }
  const activity: Activity = {
    ...{ eventId: eventId ?? newEventId(), eventType, source: format.source },
    ...{ occurredAt: new Date(instant).toISOString(), receivedAt: receivedAt.toISOString() },
    properties: properties ?? {},
    ...(sessionId !== undefined && { sessionId }),
    ...(traits && { traits }),
    ...(said.context && { context: said.context }),
  };
  return {
    capture: {
      identifiers: [strongest, ...others],
      activity,
      exactTime: exact,
      ...(unresolved.length > 0 && { unresolved }),
    },
    traitsAt: format.places.traits ?? '/traits',
  };
};
