import { LRUCache } from 'lru-cache';
import { v5 } from 'uuid';
import { z } from 'zod';
import { formerForms, normalEmail, normalId } from './normal-form.ts';

/** Identifier kinds, strongest first. */
export const identifierKinds = ['userId', 'email', 'anonymousId'] as const;

export const identifierSchema = z.strictObject({ kind: z.enum(identifierKinds), value: z.string().min(1).max(256) });
export type Identifier = Readonly<z.infer<typeof identifierSchema>>;

/** The namespace of lead ids. It is part of every stream name, so it can never change. */
const leadNamespace = '5d0c1f5e-7b0a-5f0e-9c55-0d1a6f6c2b1e';

/** Ids of leads that were asked for lately: to make one costs more than anything else in finding a lead. */
const recentIds = new LRUCache<string, string>({ max: 10_000 });

/** The lead id that an identifier's own stream is named after: UUIDv5 of project, kind and value. */
export const leadIdOf = (projectId: string, { kind, value }: Identifier): string => {
  const name = JSON.stringify([projectId, kind, value]);
  const known = recentIds.get(name);
  if (known !== undefined) return known;
  const leadId = v5(name, leadNamespace);
  recentIds.set(name, leadId);
  return leadId;
};

const blocked = new Set([
  ...['anonymous', 'guest', 'null', 'undefined', 'none', 'nan', 'true', 'false', 'id', 'email', 'distinct_id'],
  ...['distinctid', 'not_authenticated', '-1', '0', '[object object]'],
]);

/** Values that many people share because a program filled them in; linking by them would merge strangers. */
export const isBlocked = (value: string): boolean =>
  blocked.has(value.trim().toLowerCase()) || /^[0\-\s]*$/.test(value);

/** The value as it identifies. The same identifier again gives itself. */
export const normalized = ({ kind, value }: Identifier): Identifier => ({
  kind,
  value: kind === 'email' ? normalEmail(value) : normalId(value),
});

/** Why a value can't identify anybody, or undefined when it can. Expects a normalized identifier. */
export const refusalOf = ({ kind, value }: Identifier): string | undefined => {
  if (value.length > 256) return `is ${value.length} characters long; at most 256 are allowed`;
  if (isBlocked(value))
    return `${JSON.stringify(value)} does not identify anybody; send the person's own ${kind} or leave it out`;
  if (kind === 'email' && !/^[^\s@]+@[^\s@]+$/.test(value)) return `${JSON.stringify(value)} is not an e-mail address`;
  return undefined;
};

/** The identifiers that a value was recorded as before it had the normal form that it has now, if any. */
export const formerOf = ({ kind, value }: Identifier): readonly Identifier[] =>
  formerForms(kind === 'email' ? 'email' : 'id', value)
    .map((form) => ({ kind, value: form }))
    .filter((former) => refusalOf(former) === undefined);

/**
 * An identifier that is known only when it is looked up: the first of the candidates that leads to a lead, else the fallback,
 * else nothing.
 */
export type Unresolved = { readonly candidates: readonly Identifier[]; readonly fallback: Identifier | undefined };

/** An id of a kind that nobody says: a userId that is known, else an e-mail address, else an anonymousId. */
export const ofUnknownKind = (said: string): Unresolved => {
  const candidates = identifierKinds.flatMap((kind) => {
    const identifier = normalized({ kind, value: said });
    return refusalOf(identifier) === undefined ? [identifier, ...formerOf({ kind, value: said })] : [];
  });
  return { candidates, fallback: candidates.find(({ kind }) => kind !== 'userId') };
};

/** The userIds with that of an identifier, in its normal form: it may have been recorded before that was what it is now. */
export const withUserId = (userIds: readonly string[], identifier: Identifier): readonly string[] => {
  if (identifier.kind !== 'userId') return userIds;
  const { value } = normalized(identifier);
  return userIds.includes(value) ? userIds : [...userIds, value];
};

/** The first value of a kind in the order of texts: the same one however the identifiers came. */
export const smallestOf = (identifiers: Iterable<Identifier>, wanted: Identifier['kind']): string | undefined => {
  let smallest: string | undefined;
  for (const { kind, value } of identifiers)
    if (kind === wanted && (smallest === undefined || value < smallest)) smallest = value;
  return smallest;
};

export const identifierKey = ({ kind, value }: Identifier): string => `${kind}:${value}`;

/** Whether a key is that of an e-mail address. */
export const isEmailKey = (key: string): boolean => key.startsWith('email:');

/** The leads that were merged into a lead, directly or by way of others, and how many merges lie one behind the other at most. */
export const mergesSchema = z.strictObject({ leads: z.number().int().min(0), depth: z.number().int().min(0) });
export type Merges = Readonly<z.infer<typeof mergesSchema>>;

/** What a merge or a link must know of a lead. `capturedAt` is ISO 8601, `identifiers` how many it has, `emails` how many of these are e-mail addresses. */
export type Root = {
  readonly leadId: string;
  readonly capturedAt: string;
  readonly userIds: readonly string[];
  readonly identifiers: number;
  readonly emails: number;
  readonly merges: Merges;
};

/** An identifier and the lead that it leads to, if any. */
export type Found = { readonly identifier: Identifier; readonly root: Root | undefined };

/** The limits of a lead that stand in the way of links and merges. */
export const linkLimits = ['identifiers', 'mergedLeads', 'mergeDepth', 'sharedDevice'] as const;
export type LinkLimit = (typeof linkLimits)[number];

/** Why an identifier is not linked; without a `limit` because of userIds. */
export type LinkRefusal = { readonly reason: string; readonly limit?: LinkLimit };

/** A link that is not made: `leadId` is the lead that the identifier stays with, or the one that its own stream is named after. */
export type RefusedLink = LinkRefusal & { readonly identifier: Identifier; readonly leadId: string };

/**
 * What must happen before an activity can be recorded: `capture` a new lead on this identifier's stream, `link` unused
 * identifiers to the target, `merge` leads with the target, and tell which links were `refused`.
 */
export type LinkPlan = {
  readonly target: string;
  readonly capture: Identifier | undefined;
  readonly link: readonly Identifier[];
  readonly merge: readonly { readonly younger: Root; readonly older: Root }[];
  readonly refused: readonly RefusedLink[];
};

/** The older of two leads survives a merge, then the smaller id: fixed facts, so everybody agrees and no cycle can form. */
export const bySeniority = (a: Root, b: Root): { readonly older: Root; readonly younger: Root } =>
  a.capturedAt < b.capturedAt || (a.capturedAt === b.capturedAt && a.leadId < b.leadId)
    ? { older: a, younger: b }
    : { older: b, younger: a };
