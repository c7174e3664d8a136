import { isDeepStrictEqual } from 'node:util';
import type { Activity } from '../domain/lead/activity.ts';
import type { Because, LeadEvent, LeadFact } from '../domain/lead/lead-events.ts';
import type { LeadState } from '../domain/lead/lead.ts';
import { lead } from '../domain/lead/lead.ts';
import type { AbsorbedRouting } from '../domain/routing/ownership-events.ts';
import type { PublishedModel } from '../domain/scoring/published-model.ts';
import type { Recorded } from '../eventstore/event-store.ts';
import type { HistoryEntry } from '../projections/history.ts';
import type { LeadDocument } from '../projections/leads.ts';
import type { MergedLead } from '../projections/merged-leads.ts';
import type { Checked, Finding } from './report.ts';

/** A document as it is found: what is in its fields may be anything. */
export type Found<D> = { readonly [F in keyof D]?: unknown };

export type Fact = Recorded<LeadEvent>;
type FactOf<T extends LeadEvent['type']> = Recorded<LeadFact<T>>;

/** An activity of a lead with the fact that brought it. */
export type Arrival = { readonly activity: Activity; readonly revision: number; readonly position: number };

/** What a fact said that an activity did to the score. */
export type Scoring = {
  readonly revision: number;
  readonly position: number;
  readonly score: number;
  readonly because: readonly Because[];
};

/** The scoring models that a project has published so far, by version. */
export type Models = { readonly newest: number; readonly of: (version: number) => PublishedModel | undefined };

/** What others than its own stream say of whose a lead is. */
export type LeadRouting = {
  /** Up to here everything that follows for routing was done before the rest was read. */
  readonly routed: number;
  /** Its place in the pool. */
  readonly place: { readonly repId: string; readonly decision: number } | undefined;
  /** Whether the pool says that it waits. */
  readonly held: boolean;
  /** Where the last that the pool said of it is, if that is news; else -1. */
  readonly at: number;
  /** Whether there is a dead letter of what follows from a fact of it. */
  readonly deadLetter: boolean;
  /** Of a lead that waits: whether one of its work items is open, and where the last fact of them is. */
  readonly work: { readonly open: boolean; readonly position: number } | undefined;
};

/**
 * A lead as its stream and as the read models have it. The documents were read before the stream, when the read models had
 * everything `until` a position: so they lack nothing up to there, and have nothing that the stream has not.
 */
export type LeadEvidence = {
  readonly projectId: string;
  readonly leadId: string;
  readonly until: number;
  readonly facts: readonly Fact[];
  readonly state: LeadState;
  readonly arrivals: ReadonlyMap<string, Arrival>;
  /** By event id. */
  readonly scorings: ReadonlyMap<string, readonly Scoring[]>;
  readonly merged: FactOf<'LeadMerged'> | undefined;
  readonly models: Models;
  readonly document: Found<LeadDocument> | undefined;
  /** In the order in which the read models list them. */
  readonly entries: readonly Found<HistoryEntry>[];
  /** What else was looked up: not there when only the documents that lie next to each other were read. */
  readonly closer?: {
    readonly mergedLead: Found<MergedLead> | undefined;
    /** The position of the last fact with which another lead took over what this merged one had. */
    readonly absorbedAt: number | undefined;
  };
  readonly routing?: LeadRouting;
  /** Leads that this one says it has taken over, with the event ids that it has not. */
  readonly takenOver: readonly TakenOver[];
};

/** A lead that was taken over: which of its activities are missing, and what its routing was in the end. */
export type TakenOver = {
  readonly from: string;
  readonly missing: readonly string[];
  readonly routing: AbsorbedRouting;
};

/** An invariant that can be looked at lead by lead. */
export type LeadInvariant = {
  readonly id: number;
  readonly name: string;
  readonly check: (evidence: LeadEvidence) => Checked;
};

/** What is wrong in a list of things that each may be. */
export const checkedAll = <T>(things: Iterable<T>, look: (thing: T) => Finding | undefined): Checked => {
  const findings: Finding[] = [];
  let checked = 0;
  for (const thing of things) {
    checked += 1;
    const finding = look(thing);
    if (finding) findings.push(finding);
  }
  return { checked, findings };
};

/** Checks as one. */
export const together = (...all: readonly Checked[]): Checked => ({
  checked: all.reduce((sum, { checked }) => sum + checked, 0),
  findings: all.flatMap(({ findings }) => findings),
});

const pushed = <K, V>(map: Map<K, V[]>, key: K, value: V): void => {
  const there = map.get(key);
  if (there) there.push(value);
  else map.set(key, [value]);
};

const scoringIn = ({ data, revision, position }: FactOf<'LeadScored'>): ReadonlyMap<string, Scoring> => {
  const byEvent = new Map<string, Because[]>();
  for (const line of data.because) if (line.eventId !== undefined) pushed(byEvent, line.eventId, line);
  return new Map([...byEvent].map(([id, because]) => [id, { revision, position, score: data.score, because }]));
};

type Given = Omit<LeadEvidence, 'state' | 'arrivals' | 'scorings' | 'merged'>;

/** Puts a lead together from its facts and documents. */
export const leadEvidence = (given: Given): LeadEvidence => {
  const arrivals = new Map<string, Arrival>();
  const scorings = new Map<string, Scoring[]>();
  let merged: LeadEvidence['merged'];
  for (const fact of given.facts) {
    const { revision, position } = fact;
    if (fact.type === 'ActivityRecorded' || fact.type === 'LeadAbsorbed') {
      for (const activity of fact.type === 'LeadAbsorbed' ? fact.data.activities : [fact.data])
        if (!arrivals.has(activity.eventId)) arrivals.set(activity.eventId, { activity, revision, position });
    } else if (fact.type === 'LeadScored') {
      for (const [eventId, scoring] of scoringIn(fact)) pushed(scorings, eventId, scoring);
    } else if (fact.type === 'LeadMerged') {
      merged ??= fact;
    }
  }
  return { ...given, state: given.facts.reduce(lead.evolve, lead.initial), arrivals, scorings, merged };
};

/** The revision of the last fact that the read models must have; -1 when there is none. */
const settledRevision = ({ facts, until }: LeadEvidence): number =>
  facts.findLast(({ position }) => position <= until)?.revision ?? -1;

/** The facts that the lead's document must be made of: up to its own revision, and at least those that must be in it. */
export const factsBehind = (evidence: LeadEvidence): readonly Fact[] => {
  const revision = typeof evidence.document?.revision === 'number' ? evidence.document.revision : -1;
  const last = Math.max(revision, settledRevision(evidence));
  return last >= (evidence.facts.at(-1)?.revision ?? -1)
    ? evidence.facts
    : evidence.facts.filter((fact) => fact.revision <= last);
};

/** Whether the read models must have a fact. */
export const isSettled = ({ until }: LeadEvidence, fact: { readonly position: number } | undefined): boolean =>
  fact !== undefined && fact.position <= until;

/** Whether two values are the same as JSON. */
export const isSame = (a: unknown, b: unknown): boolean =>
  a === b || (typeof a === 'object' && (JSON.stringify(a) === JSON.stringify(b) || isDeepStrictEqual(a, b)));

/** A value as a reason shows it: never long, since a person's own data may be in it. */
export const said = (value: unknown): string => {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > 80 ? `${text.slice(0, 80)}...` : text;
};

/** What is wrong with fields of a document that must have certain values; undefined when nothing is. */
export const differs = (
  what: string,
  found: Readonly<Record<string, unknown>>,
  expected: Readonly<Record<string, unknown>>,
): Finding | undefined => {
  const wrong = Object.keys(expected).find((field) => !isSame(found[field], expected[field]));
  if (wrong === undefined) return undefined;
  return { why: `${what} has ${wrong} ${said(found[wrong])}, by the log it is ${said(expected[wrong])}` };
};
