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

export const identifierKey = ({ kind, value }: Identifier): string => `${kind}:${value}`;

/** What a merge or a link must know of a lead. `capturedAt` is ISO 8601. */
export type Root = { readonly leadId: string; readonly capturedAt: string; readonly userIds: readonly string[] };

/** An identifier and the lead that it leads to, if any. */
export type Found = { readonly identifier: Identifier; readonly root: Root | undefined };

/**
 * What must happen before an activity can be recorded: `capture` a new lead on this identifier's stream, `link` unused
 * identifiers to the target, `merge` leads with the target, and tell which links were `refused`.
 */
export type LinkPlan = {
  readonly target: string;
  readonly capture: Identifier | undefined;
  readonly link: readonly Identifier[];
  readonly merge: readonly { readonly younger: Root; readonly older: Root }[];
  readonly refused: readonly { readonly identifier: Identifier; readonly leadId: string }[];
};

/** The older of two leads survives a merge, then the smaller id: fixed facts, so everybody agrees and no cycle can form. */
export const bySeniority = (a: Root, b: Root): { readonly older: Root; readonly younger: Root } =>
  a.capturedAt < b.capturedAt || (a.capturedAt === b.capturedAt && a.leadId < b.leadId)
    ? { older: a, younger: b }
    : { older: b, younger: a };

const together = (a: readonly string[], b: readonly string[]): readonly string[] => [...new Set([...a, ...b])];

/** A lead has one userId at most, and one that came to have more gets no further ones. */
const mayJoin = (a: readonly string[], b: readonly string[]): boolean =>
  together(a, b).length <= Math.max(1, a.length, b.length);

/** Decides where an activity belongs and what its identifiers join. `found` is not empty and comes strongest first. */
export const planLinks = (projectId: string, found: readonly [Found, ...Found[]]): LinkPlan => {
  const [strongest] = found;
  const own = strongest.identifier.kind === 'userId' ? [strongest.identifier.value] : [];
  const root = strongest.root ?? found.find((each) => each.root && mayJoin(own, each.root.userIds))?.root;
  const target = root?.leadId ?? leadIdOf(projectId, strongest.identifier);

  let userIds = together(own, root?.userIds ?? []);
  const seen = new Set([target]);
  const link: Identifier[] = [];
  const merge: { younger: Root; older: Root }[] = [];
  const refused: { identifier: Identifier; leadId: string }[] = [];
  for (const { identifier, root: other } of found) {
    if (!other) {
      if (leadIdOf(projectId, identifier) !== target) link.push(identifier);
    } else if (!seen.has(other.leadId)) {
      if (!mayJoin(userIds, other.userIds)) {
        refused.push({ identifier, leadId: other.leadId });
      } else if (root) {
        merge.push(bySeniority(root, other));
        userIds = together(userIds, other.userIds);
        seen.add(other.leadId);
      }
    }
  }
  return { target, capture: root ? undefined : strongest.identifier, link, merge, refused };
};
