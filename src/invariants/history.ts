import type { Identifier } from '../domain/identity/identity.ts';
import { identifierKey } from '../domain/identity/identity.ts';
import { listOf } from '../domain/lead/activities.ts';
import type { LeadState } from '../domain/lead/lead.ts';
import { lead } from '../domain/lead/lead.ts';
import { traitsOf } from '../domain/lead/scorable.ts';
import { hundredths, inPoints } from '../domain/scoring/scoring.ts';
import type { Checked, Finding } from './report.ts';
import type { Arrival, Found, LeadInvariant, Scoring, LeadEvidence } from './evidence.ts';
import { checkedAll, differs, factsBehind, isSame, isSettled, said, together } from './evidence.ts';
import type { HistoryEntry } from '../projections/history.ts';

type Entry = Found<HistoryEntry>;

/** The event id of an entry as a key; an entry without one belongs to no activity. */
const idOf = ({ eventId }: Entry): string => (typeof eventId === 'string' ? eventId : '');

const none: Checked = { checked: 0, findings: [] };

/** What an entry says an activity did to the score, when these facts scored it. */
const scoredAs = (scorings: readonly Scoring[]) => {
  const because = scorings.flatMap((scoring) => scoring.because.map(({ rule, points }) => ({ rule, points })));
  const last = scorings.at(-1);
  return {
    delta: inPoints(because.reduce((sum, { points }) => sum + hundredths(points), 0)),
    because,
    score: last?.score,
    scoredRevision: last?.revision,
  };
};

const brought = (evidence: LeadEvidence, entry: Entry): Finding | undefined => {
  const eventId = idOf(entry);
  if (!evidence.arrivals.has(eventId)) return undefined;
  const scorings = evidence.scorings.get(eventId) ?? [];
  let finding: Finding | undefined;
  // Of the facts that came since, it may have the first ones or not.
  for (let known = scorings.filter((each) => isSettled(evidence, each)).length; known <= scorings.length; known++) {
    const difference = differs('its entry in the history', entry, scoredAs(scorings.slice(0, known)));
    if (!difference) return undefined;
    finding ??= { ...difference, eventId };
  }
  return finding;
};

const scoredTwice = ([eventId, scorings]: readonly [string, readonly Scoring[]]): Finding | undefined => {
  if (scorings.length < 2) return undefined;
  const rules = scorings.flatMap(({ because }) => [...new Set(because.map(({ rule }) => rule))]);
  const twice = rules.find((rule, index) => rules.indexOf(rule) !== index);
  if (twice === undefined) return undefined;
  const revisions = scorings.map(({ revision }) => revision).join(' and ');
  return { why: `rule ${twice} scored it more than once: at revisions ${revisions}`, eventId };
};

/** 1. Looks at what was recorded, and at what the history says of it. */
export const scoredOnce: LeadInvariant = {
  id: 1,
  name: 'An activity is scored at most once per rule and lead',
  check: (evidence) => {
    if (evidence.merged) return none;
    const inLog = checkedAll(evidence.scorings, scoredTwice).findings;
    const inHistory = checkedAll(evidence.entries, (entry) => brought(evidence, entry)).findings;
    return { checked: evidence.arrivals.size, findings: [...inLog, ...inHistory] };
  },
};

/** 2. */
export const enteredOnce: LeadInvariant = {
  id: 2,
  name: 'No two history entries are of the same lead and event id',
  check: ({ entries }) => {
    const ids = new Set<string>();
    return checkedAll(entries, (entry) => {
      const eventId = idOf(entry);
      if (ids.has(eventId)) return { why: 'there is more than one entry of this event id', eventId };
      ids.add(eventId);
      return undefined;
    });
  },
};

const sorted = (identifiers: Iterable<Identifier>): readonly string[] => [...identifiers].map(identifierKey).sort();

/** The identifiers in a document, in an order of their own; what is no list of identifiers as it is. */
const identifiersIn = (value: unknown): unknown => {
  if (!Array.isArray(value)) return value;
  return value.map((each: { readonly kind?: unknown; readonly value?: unknown } | null) => {
    return `${String(each?.kind)}:${String(each?.value)}`;
  });
};

const spanOf = ({ capturedAt, activities }: LeadState) => {
  let [firstSeenAt, lastActivityAt] = [capturedAt, ''];
  for (const { occurredAt } of listOf(activities)) {
    if (occurredAt < firstSeenAt) firstSeenAt = occurredAt;
    if (occurredAt > lastActivityAt) lastActivityAt = occurredAt;
  }
  return { firstSeenAt, lastActivityAt };
};

const documentAsRecorded = (evidence: LeadEvidence): Checked => {
  const { document, merged, facts, state: whole } = evidence;
  if (!document) {
    const missing = !merged && isSettled(evidence, facts[0]);
    return { checked: 0, findings: missing ? [{ why: 'the read models have no document of this lead' }] : [] };
  }
  if (facts.length === 0 || isSettled(evidence, merged)) return none;
  const behind = factsBehind(evidence);
  const state = behind.length === facts.length ? whole : behind.reduce(lead.evolve, lead.initial);
  const found = { ...document, identifiers: identifiersIn(document.identifiers) };
  if (Array.isArray(found.identifiers)) found.identifiers.sort();
  const finding = differs('its document', found, {
    leadId: evidence.leadId,
    revision: behind.at(-1)?.revision,
    activities: state.activities.size,
    identifiers: sorted(state.identifiers.values()),
    profile: traitsOf(state),
    ...spanOf(state),
  });
  return { checked: 0, findings: finding ? [finding] : [] };
};

const shownOf = ({ activity, revision }: Arrival): Readonly<Record<string, unknown>> => {
  const { traits: _, traitsLeftOut: __, occurredAt: ___, ...published } = activity;
  return { ...published, sessionId: published.sessionId, revision };
};

/** 3. Of a merged lead the survivor has the activities. */
export const allRecorded: LeadInvariant = {
  id: 3,
  name: 'Every recorded activity is in the read models, as it was recorded',
  check: (evidence) => {
    if (evidence.merged) return documentAsRecorded(evidence);
    const entries = new Map(evidence.entries.map((entry) => [idOf(entry), entry]));
    const activities = checkedAll(evidence.arrivals, ([eventId, arrival]) => {
      const entry = entries.get(eventId);
      if (!entry) return isSettled(evidence, arrival) ? { why: 'the history has no entry of it', eventId } : undefined;
      const finding = differs('its entry in the history', entry, shownOf(arrival));
      return finding && { ...finding, eventId };
    });
    return together(activities, documentAsRecorded(evidence));
  },
};

const unrecorded = (evidence: LeadEvidence): readonly Finding[] => {
  const { document, facts, closer, merged } = evidence;
  const last = facts.at(-1)?.revision ?? -1;
  if (last === -1) {
    const there = document ?? closer?.mergedLead;
    return there ? [{ why: 'the log has no fact of this id, but the read models have a document of it' }] : [];
  }
  if (isSettled(evidence, merged)) return [];
  const ahead = typeof document?.revision === 'number' && document.revision > last;
  return ahead ? [{ why: `its document is at revision ${said(document.revision)}, its stream ends at ${last}` }] : [];
};

/** 4. */
export const nothingElse: LeadInvariant = {
  id: 4,
  name: 'History has no entry without its activity, and no lead is without its stream',
  check: (evidence) => {
    const entries = checkedAll(evidence.entries, (entry) => {
      const eventId = idOf(entry);
      return evidence.arrivals.has(eventId) ? undefined : { why: 'the log has no activity for this entry', eventId };
    });
    return { ...entries, findings: [...entries.findings, ...unrecorded(evidence)] };
  },
};

// Stores order texts by code point, and so by the bytes of UTF-8.
const isAfter = (a: string, b: string): boolean => Buffer.compare(Buffer.from(a), Buffer.from(b)) > 0;

const outOfOrder = (before: Entry | undefined, entry: Entry): boolean => {
  if (!before) return false;
  const [earlier, later] = [String(before.occurredAt), String(entry.occurredAt)];
  return earlier > later || (earlier === later && isAfter(idOf(before), idOf(entry)));
};

/** 6. Looks at the order in which the read models list a lead's history, and by which times they do. */
export const inEventOrder: LeadInvariant = {
  id: 6,
  name: 'History is in the order of events: when they occurred, then by event id',
  check: (evidence) => {
    let before: Entry | undefined;
    return checkedAll(evidence.entries, (entry) => {
      const eventId = idOf(entry);
      const occurredAt = evidence.arrivals.get(eventId)?.activity.occurredAt;
      const wrong = outOfOrder(before, entry);
      before = entry;
      if (wrong) return { why: `it is listed after one that comes later: ${said(entry.occurredAt)}`, eventId };
      if (occurredAt === undefined || isSame(entry.occurredAt, occurredAt)) return undefined;
      return { why: `it is listed at ${said(entry.occurredAt)}, but occurred at ${occurredAt}`, eventId };
    });
  },
};
