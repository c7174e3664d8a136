import type { Found, Identifier, LinkPlan } from '../domain/identity/identity.ts';
import { identifierKey, leadIdOf } from '../domain/identity/identity.ts';
import type { LeadState } from '../domain/lead/lead.ts';
import { lead, rootOf } from '../domain/lead/lead.ts';
import { planLinks } from '../domain/identity/link-plan.ts';
import { leadStreamId } from '../domain/streams.ts';
import type { Capture } from './capture-groups.ts';
import { captureLead } from '../commands/lead/capture-lead.ts';
import type { Request } from '../engine/handle.ts';
import { TooManyConflicts } from '../engine/errors.ts';
import { linkIdentifier } from '../commands/lead/link-identifier.ts';
import { mergeLead } from '../commands/lead/merge-lead.ts';
import type { Engine } from './engine.ts';
import { completeMerge, unabsorbed } from './merge.ts';
import { hasMoved, rounds, step } from './step.ts';
import { findLeadBy, withScoring } from './resolve.ts';
import type { Underway } from './links-underway.ts';

/** Identifiers that were linked to a lead that may not have noted them yet. */
type Linked = { readonly into: string; readonly identifiers: readonly Identifier[]; readonly underway: Underway };

/** The work at hand: activities whose identifiers belong together, and what was linked for them so far. */
export type Flow = {
  readonly engine: Engine;
  readonly projectId: string;
  readonly request: Request;
  readonly linked: Linked[];
};

type Merge = LinkPlan['merge'][number];

type Located = Found & { readonly lead: LeadState | undefined; readonly gone: LeadState | undefined };

/**
 * What identifiers lead to, when none of those leads is being merged by others of this process. `gone` is a lead whose merge
 * is not finished.
 */
const survey = async (
  flow: Flow,
  identifiers: Capture['identifiers'],
  fresh: boolean,
): Promise<readonly [Located, ...Located[]]> => {
  const {
    engine: { states, links },
    projectId,
  } = flow;
  const [strongest, ...others] = identifiers;
  const locate = async (identifier: Identifier): Promise<Located> => {
    const found = await findLeadBy(states, projectId, identifier, fresh);
    const state = found?.lead.state;
    return { identifier, lead: state, root: state && rootOf(state), gone: found && unabsorbed(found) };
  };
  const found: [Located, ...Located[]] = [await locate(strongest), ...(await Promise.all(others.map(locate)))];
  const merging = found.map(({ root }) => root && links.merging(root.leadId)).find((over) => over !== undefined);
  if (!merging) return found;
  await merging;
  return survey(flow, identifiers, fresh);
};

/** The identifiers that one of the leads has that were found. */
const notedBy = (found: readonly Located[], leadId: string): LeadState['identifiers'] | undefined =>
  found.find(({ lead }) => lead?.leadId === leadId)?.lead?.identifiers;

/** The same with the lead as it is by now: while one identifier was asked for, others may have come to the lead of another. */
const byNow = ({ engine: { states }, projectId }: Flow, located: Located): Located => {
  if (!located.lead) return located;
  const known = states.known(lead, leadStreamId(projectId, located.lead.leadId))?.state;
  return known?.status === 'lead' ? { ...located, lead: known, root: rootOf(known) } : located;
};

/**
 * The same without looking anywhere: as this process remembers it. Undefined when it does not know all of these leads, or one
 * of them was or is being merged into another.
 */
const remembered = ({ engine: { states, links }, projectId }: Flow, identifiers: Capture['identifiers']) => {
  const located = identifiers.flatMap((identifier): Located[] => {
    const state = states.known(lead, leadStreamId(projectId, leadIdOf(projectId, identifier)))?.state;
    const lives = state?.status === 'lead' && !links.merging(state.leadId);
    return lives ? [{ identifier, lead: state, root: rootOf(state), gone: undefined }] : [];
  });
  const [strongest, ...others] = located;
  return strongest && located.length === identifiers.length ? ([strongest, ...others] as const) : undefined;
};

/** What is to be done about identifiers, by what is known at this moment: nothing may come between looking and counting. */
const planOf = (flow: Flow, [strongest, ...others]: readonly [Located, ...Located[]]): LinkPlan =>
  planBy(flow, [byNow(flow, strongest), ...others.map((each) => byNow(flow, each))]);

const planBy = ({ projectId, engine: { links } }: Flow, found: readonly [Located, ...Located[]]): LinkPlan =>
  planLinks(projectId, found, (leadId) => links.to(leadId, notedBy(found, leadId)));

const isDone = ({ link, merge }: LinkPlan): boolean => link.length === 0 && merge.length === 0;

/** Where identifiers belong, when this process knows all of their leads and nothing is to be done; else undefined. */
export const planKnown = (flow: Flow, identifiers: Capture['identifiers']): LinkPlan | undefined => {
  const found = remembered(flow, identifiers);
  const plan = found && planBy(flow, found);
  return plan && isDone(plan) ? plan : undefined;
};

/** What this flow linked is on its way no more: its leads have noted it, or a reactor will have them do so. */
export const noted = ({ engine: { links }, linked }: Flow): void => {
  for (const { underway } of linked.splice(0)) links.end(underway);
};

/**
 * Has what was linked noted where it leads by now, as far as it is not: what a lead has must be known before it is merged, and
 * before others may count what it has room for without what is on its way.
 */
export const note = async (flow: Flow): Promise<void> => {
  const { engine, projectId, request, linked } = flow;
  for (const { into, identifiers } of linked) {
    for (const identifier of identifiers) {
      const has = engine.states.known(lead, leadStreamId(projectId, into))?.state.identifiers;
      if (has?.has(identifierKey(identifier))) continue;
      await completeMerge(engine, { projectId, from: leadIdOf(projectId, identifier) }, request);
    }
  }
  noted(flow);
};

/** Merges two leads, and has what was linked noted before. */
const merged = async (flow: Flow, { older, younger }: Merge, found: readonly Located[]): Promise<void> => {
  const { engine, projectId, request } = flow;
  const { leadId, merges } = younger;
  // Before anything is waited for: who plans next must know of it.
  const has = { identifiers: notedBy(found, leadId)?.keys() ?? [], leads: merges.leads + 1 };
  const end = engine.links.beginMerge(leadId, older.leadId, has);
  let halfDone = false;
  try {
    await note(flow);
    await engine.handle(mergeLead, { projectId, leadId, into: older.leadId }, step(request, `merge/${leadId}`));
    halfDone = true;
    await completeMerge(engine, { projectId, from: leadId }, request);
    halfDone = false;
  } finally {
    end(halfDone);
  }
};

const isOf = ({ older, younger }: Merge, leadIds: readonly string[]): boolean =>
  leadIds.includes(older.leadId) && leadIds.includes(younger.leadId);

/**
 * Does the first merge of a plan when nobody else of this process merges one of the two leads, if it is still to be done then:
 * of many merges at once that make one lead, each must know what it has become by the ones before.
 */
const mergeAlone = async (
  flow: Flow,
  identifiers: Capture['identifiers'],
  { older, younger }: Merge,
): Promise<void> => {
  const leadIds = [older.leadId, younger.leadId];
  await flow.engine.links.alone(leadIds, async () => {
    const found = await survey(flow, identifiers, true);
    const [first] = planOf(flow, found).merge;
    if (first && isOf(first, leadIds)) await merged(flow, first, found);
  });
};

/** Links what a plan links. */
const link = async (flow: Flow, { capture, target: into, link: unused }: LinkPlan): Promise<void> => {
  const { engine, projectId, request, linked } = flow;
  const { handle, states, links } = engine;
  // Before anything is waited for: who plans next must know of it.
  if (unused.length > 0) {
    linked.push({ into, identifiers: unused, underway: links.begin(into, unused.map(identifierKey)) });
  }
  if (capture) {
    await withScoring(states, projectId, (scoring) =>
      handle(captureLead, { projectId, identifier: capture, scoring }, step(request, `capture/${into}`)),
    );
  }
  for (const identifier of unused) {
    await handle(linkIdentifier, { projectId, identifier, into }, step(request, `link/${identifierKey(identifier)}`));
  }
};

/** Brings identifiers together on one lead, as far as the domain allows, and says which one. */
export const attach = async (flow: Flow, identifiers: Capture['identifiers']): Promise<LinkPlan> => {
  const { engine, projectId, request } = flow;
  for (let round = 0; round < rounds; round++) {
    const found = remembered(flow, identifiers) ?? (await survey(flow, identifiers, false));
    const gone = found.find((each) => each.gone)?.gone;
    const plan = planOf(flow, found);
    if (!gone && isDone(plan)) return plan;
    try {
      // Until its survivor has them, the activities of a merged lead would look new.
      if (gone) await completeMerge(engine, { projectId, from: gone.leadId }, request);
      else {
        // A link is for ever: what the leads have by now decides, not what this process remembers of them.
        const any = found.some(({ root }) => root);
        const sure = any ? planOf(flow, await survey(flow, identifiers, true)) : plan;
        const [first] = sure.merge;
        if (!isDone(sure)) await link(flow, sure);
        if (first) await mergeAlone(flow, identifiers, first);
      }
    } catch (error) {
      if (!hasMoved(error)) throw error;
    }
  }
  throw new TooManyConflicts('The lead');
};
