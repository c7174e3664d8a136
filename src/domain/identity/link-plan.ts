import type { Found, Identifier, LinkLimit, LinkPlan, LinkRefusal, RefusedLink, Root } from './identity.ts';
import { bySeniority, leadIdOf, withUserId } from './identity.ts';
import { leadLimits } from '../lead/lead-limits.ts';

const together = (a: readonly string[], b: readonly string[]): readonly string[] => [...new Set([...a, ...b])];

const ofUserIds: LinkRefusal = { reason: 'a lead has one userId at most' };

const limited = (limit: LinkLimit, reason: string): LinkRefusal => ({ reason, limit });

const ofIdentifiers = limited('identifiers', `a lead has ${leadLimits.identifiers} identifiers at most`);
const ofLeads = limited('mergedLeads', `${leadLimits.mergedLeads} leads at most are merged into one`);
const ofDevice = limited(
  'sharedDevice',
  `it is a shared device: an anonymousId brings ${leadLimits.emailsOfDevice} e-mail addresses together at most`,
);
const ofDepth = limited(
  'mergeDepth',
  `a lead is merged ${leadLimits.mergeDepth} times at most, each time into an older one`,
);

/** A lead has one userId at most, and one that came to have more gets no further ones. */
const mayJoin = (a: readonly string[], b: readonly string[]): boolean =>
  together(a, b).length <= Math.max(1, a.length, b.length);

/** Which limit keeps two leads from becoming one; undefined when none does. */
const mergeRefusal = (one: Root, other: Root): LinkRefusal | undefined => {
  const { older, younger } = bySeniority(one, other);
  if (one.identifiers + other.identifiers > leadLimits.identifiers) return ofIdentifiers;
  if (one.merges.leads + other.merges.leads + 1 > leadLimits.mergedLeads) return ofLeads;
  const deeper = younger.merges.depth + 1 > Math.max(older.merges.depth, leadLimits.mergeDepth);
  return deeper ? ofDepth : undefined;
};

/** Whether an identifier would bring together e-mail addresses of more people than have one device. */
const isShared = ({ kind }: Identifier, some: number, others: number): boolean =>
  kind === 'anonymousId' && some > 0 && others > 0 && some + others > leadLimits.emailsOfDevice;

/** What two leads are as one. */
const joined = (one: Root, other: Root): Root => {
  const { older, younger } = bySeniority(one, other);
  return {
    leadId: older.leadId,
    capturedAt: older.capturedAt,
    userIds: together(one.userIds, other.userIds),
    identifiers: one.identifiers + other.identifiers,
    emails: one.emails + other.emails,
    merges: {
      leads: one.merges.leads + other.merges.leads + 1,
      depth: Math.max(older.merges.depth, younger.merges.depth + 1),
    },
  };
};

const emailsAmong = (identifiers: readonly Identifier[]): number =>
  identifiers.filter(({ kind }) => kind === 'email').length;

/** A lead that is about to begin, on the stream of an identifier. */
const beginning = (leadId: string, identifier: Identifier): Root => ({
  leadId,
  capturedAt: '',
  userIds: [],
  identifiers: 1,
  emails: emailsAmong([identifier]),
  merges: { leads: 0, depth: 0 },
});

/** What is being linked to a lead or merged into it: identifiers, the e-mail addresses among them, and leads. */
export type Joining = { readonly identifiers: number; readonly emails: number; readonly leads: number };

const nothing: Joining = { identifiers: 0, emails: 0, leads: 0 };

/**
 * Decides where an activity belongs and what its identifiers join. `found` is not empty and comes strongest first. `underway`
 * says what is being linked to a lead or merged into it that it has not noted yet. What a limit refuses depends on what came
 * before.
 */
export const planLinks = (
  projectId: string,
  found: readonly [Found, ...Found[]],
  underway: (leadId: string) => Joining = () => nothing,
): LinkPlan => {
  const [strongest] = found;
  // One identifier that leads to a lead, as nearly always: there is nothing to link, to merge or to refuse.
  if (found.length === 1 && strongest.root)
    return { target: strongest.root.leadId, capture: undefined, link: [], merge: [], refused: [] };
  const own = withUserId([], strongest.identifier);
  /** The lead that an identifier leads to, with what it has not noted yet. */
  const counted = (root: Root, identifier: Identifier): Root => {
    const { identifiers, emails, leads } = underway(root.leadId);
    const merges = { leads: root.merges.leads + leads, depth: root.merges.depth };
    const userIds = withUserId(root.userIds, identifier);
    return {
      ...root,
      userIds,
      identifiers: root.identifiers + identifiers,
      emails: root.emails + emails,
      merges,
    };
  };
  const unused = found.flatMap((each) => (each.root ? [] : [each.identifier]));
  const takes = ({ identifier, root }: Found): boolean => {
    if (!root) return false;
    const { userIds, identifiers, emails } = counted(root, identifier);
    if (isShared(identifier, emails, emailsAmong(unused))) return false;
    return mayJoin(own, userIds) && identifiers < leadLimits.identifiers;
  };

  const root = strongest.root ?? found.find(takes)?.root;
  const target = root?.leadId ?? leadIdOf(projectId, strongest.identifier);
  let lead = counted(root ?? beginning(target, strongest.identifier), strongest.identifier);

  const refusalOf = (identifier: Identifier, other: Root | undefined): LinkRefusal | undefined => {
    if (!other) {
      if (!mayJoin(lead.userIds, withUserId([], identifier))) return ofUserIds;
      return lead.identifiers < leadLimits.identifiers ? undefined : ofIdentifiers;
    }
    if (!mayJoin(lead.userIds, other.userIds)) return ofUserIds;
    if (isShared(identifier, lead.emails, other.emails)) return ofDevice;
    // The activity begins a lead because none of those that are there takes its strongest identifier.
    return root ? mergeRefusal(lead, other) : ofIdentifiers;
  };

  const visited = new Set([target]);
  const link: Identifier[] = [];
  const merge: { younger: Root; older: Root }[] = [];
  const refused: RefusedLink[] = [];
  for (const { identifier, root: its } of found) {
    const other = its && counted(its, identifier);
    const leadId = other?.leadId ?? leadIdOf(projectId, identifier);
    if (visited.has(leadId)) continue;
    const why = refusalOf(identifier, other);
    if (why) {
      refused.push({ identifier, leadId, ...why });
    } else if (!its || !other) {
      link.push(identifier);
      lead = {
        ...lead,
        userIds: withUserId(lead.userIds, identifier),
        identifiers: lead.identifiers + 1,
        emails: lead.emails + emailsAmong([identifier]),
      };
    } else if (root) {
      merge.push(bySeniority(root, its));
      lead = joined(lead, other);
      visited.add(other.leadId);
    }
  }
  return { target, capture: root ? undefined : strongest.identifier, link, merge, refused };
};
