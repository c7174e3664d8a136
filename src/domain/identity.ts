import { v5 } from 'uuid';
import { z } from 'zod';

/** Identifier kinds, strongest first. */
export const identifierKinds = ['userId', 'email', 'anonymousId'] as const;

export const identifierSchema = z.object({ kind: z.enum(identifierKinds), value: z.string().min(1).max(256) });
export type Identifier = Readonly<z.infer<typeof identifierSchema>>;

/** The namespace of lead ids. It is part of every stream name, so it can never change. */
const leadNamespace = '5d0c1f5e-7b0a-5f0e-9c55-0d1a6f6c2b1e';

/** The lead id that an identifier's own stream is named after: UUIDv5 of project, kind and value. */
export const leadIdOf = (projectId: string, { kind, value }: Identifier): string =>
  v5(JSON.stringify([projectId, kind, value]), leadNamespace);

const blocked = new Set([
  ...['anonymous', 'guest', 'null', 'undefined', 'none', 'nan', 'true', 'false', 'id', 'email', 'distinct_id'],
  ...['distinctid', 'not_authenticated', '-1', '0', '[object object]'],
]);

/** Values that many people share because a program filled them in; linking by them would merge strangers. */
export const isBlocked = (value: string): boolean =>
  blocked.has(value.trim().toLowerCase()) || /^[0\-\s]*$/.test(value);

/** The value as it identifies: trimmed, e-mail addresses in lower case. */
export const normalized = ({ kind, value }: Identifier): Identifier => ({
  kind,
  value: kind === 'email' ? value.trim().toLowerCase() : value.trim(),
});

/** Why a value can't identify anybody, or undefined when it can. Expects a normalized identifier. */
export const refusalOf = ({ kind, value }: Identifier): string | undefined => {
  if (isBlocked(value))
    return `${JSON.stringify(value)} does not identify anybody; send the person's own ${kind} or leave it out`;
  if (value.length > 256) return `is ${value.length} characters long; at most 256 are allowed`;
  if (kind === 'email' && !/^[^\s@]+@[^\s@]+$/.test(value)) return `${JSON.stringify(value)} is not an e-mail address`;
  return undefined;
};

/** The first value of a kind in the order of texts: the same one however the identifiers came. */
export const smallestOf = (identifiers: Iterable<Identifier>, wanted: Identifier['kind']): string | undefined => {
  let smallest: string | undefined;
  for (const { kind, value } of identifiers)
    if (kind === wanted && (smallest === undefined || value < smallest)) smallest = value;
  return smallest;
};

export const identifierKey = ({ kind, value }: Identifier): string => `${kind}:${value}`;

/** The leads that were merged into a lead, directly or by way of others, and how many merges lie one behind the other at most. */
export const mergesSchema = z.object({ leads: z.number().int().min(0), depth: z.number().int().min(0) });
export type Merges = Readonly<z.infer<typeof mergesSchema>>;

/** What a merge or a link must know of a lead. `capturedAt` is ISO 8601, `identifiers` how many it has. */
export type Root = {
  readonly leadId: string;
  readonly capturedAt: string;
  readonly userIds: readonly string[];
  readonly identifiers: number;
  readonly merges: Merges;
};

/** An identifier and the lead that it leads to, if any. */
export type Found = { readonly identifier: Identifier; readonly root: Root | undefined };

/** The limits of a lead that stand in the way of links and merges. */
export const linkLimits = ['identifiers', 'mergedLeads', 'mergeDepth'] as const;
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
