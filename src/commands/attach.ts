import type { Found, Identifier, LinkPlan, Root } from '../domain/identity.ts';
import { identifierKey, leadIdOf } from '../domain/identity.ts';
import type { LeadState } from '../domain/lead.ts';
import { rootOf } from '../domain/lead.ts';
import type { Joining } from '../domain/link-plan.ts';
import { planLinks } from '../domain/link-plan.ts';
import type { Capture } from './capture-groups.ts';
import { captureLead } from './capture-lead.ts';
import type { Request } from './handle.ts';
import { TooManyConflicts } from './handle.ts';
import { linkIdentifier } from './link-identifier.ts';
import { mergeLead } from './merge-lead.ts';
import type { Engine } from './merge.ts';
import { completeMerge, hasMoved, rounds, step, unabsorbed } from './merge.ts';
import { findLeadBy, withScoring } from './resolve.ts';
import type { Underway } from './underway.ts';

/** Identifiers that were linked to a lead that has not noted them yet. */
type Linked = { readonly identifiers: readonly Identifier[]; readonly underway: Underway };

/** The work at hand: activities whose identifiers belong together, and what was linked for them so far. */
export type Flow = {
  readonly engine: Engine;
  readonly projectId: string;
  readonly request: Request;
  readonly linked: Linked[];
};

type Seen = Found & { readonly gone: LeadState | undefined };

/** What identifiers lead to; `gone` is a lead whose merge is not finished. */
const survey = async (
  { engine: { states }, projectId }: Flow,
  [strongest, ...others]: Capture['identifiers'],
  fresh: boolean,
): Promise<readonly [Seen, ...Seen[]]> => {
  const see = async (identifier: Identifier): Promise<Seen> => {
    const found = await findLeadBy(states, projectId, identifier, fresh);
    return { identifier, root: found && rootOf(found.lead.state), gone: found && unabsorbed(found) };
  };
  return [await see(strongest), ...(await Promise.all(others.map(see)))];
};

const planOf = ({ engine: { links }, projectId }: Flow, found: readonly [Seen, ...Seen[]]): LinkPlan =>
  planLinks(projectId, [...found], links.to);

const isDone = ({ link, merge }: LinkPlan): boolean => link.length === 0 && merge.length === 0;

/** The leads of this flow have noted what was linked to them, or never will. */
export const noted = ({ engine: { links }, linked }: Flow): void => {
  for (const { underway } of linked.splice(0)) links.end(underway);
};

/** Has what was linked noted where it leads by now: what a lead has must be known before it is merged. */
const note = async (flow: Flow): Promise<void> => {
  const { engine, projectId, request, linked } = flow;
  for (const identifier of linked.flatMap(({ identifiers }) => identifiers)) {
    await completeMerge(engine, projectId, leadIdOf(projectId, identifier), request);
  }
  noted(flow);
};

/** Merges two leads, and has what was linked noted before. */
const merged = async (flow: Flow, { older, younger }: LinkPlan['merge'][number]): Promise<void> => {
  const { engine, projectId, request } = flow;
  const { leadId } = younger;
  await note(flow);
  await engine.handle(mergeLead, { projectId, leadId, into: older.leadId }, step(request, `merge/${leadId}`));
  engine.links.merged(leadId, older.leadId);
  await completeMerge(engine, projectId, leadId, request);
};

/** What a lead that has so much brings to another. */
const bringing = ({ identifiers, merges }: Root): Joining => ({ identifiers, leads: merges.leads + 1 });

/** Links what a plan links, and does the first of its merges. */
const join = async (flow: Flow, plan: LinkPlan): Promise<void> => {
  const { engine, projectId, request, linked } = flow;
  const { handle, states, links } = engine;
  const { capture, target: into, link, merge } = plan;
  const [first] = merge;
  // Before anything is waited for: who plans next must know of it.
  if (link.length > 0) {
    linked.push({ identifiers: link, underway: links.begin(into, { identifiers: link.length, leads: 0 }) });
  }
  const moving = first && links.begin(first.older.leadId, bringing(first.younger));
  try {
    if (capture) {
      await withScoring(states, projectId, (scoring) =>
        handle(captureLead, { projectId, identifier: capture, scoring }, step(request, `capture/${into}`)),
      );
    }
    for (const identifier of link) {
      await handle(linkIdentifier, { projectId, identifier, into }, step(request, `link/${identifierKey(identifier)}`));
    }
    if (first) await merged(flow, first);
  } finally {
    if (moving) links.end(moving);
  }
};

/** Brings identifiers together on one lead, as far as the domain allows, and says which one. */
export const attach = async (flow: Flow, identifiers: Capture['identifiers']): Promise<LinkPlan> => {
  const { engine, projectId, request } = flow;
  for (let round = 0; round < rounds; round++) {
    const found = await survey(flow, identifiers, false);
    const gone = found.find((each) => each.gone)?.gone;
    const plan = planOf(flow, found);
    if (!gone && isDone(plan)) return plan;
    try {
      // Until its survivor has them, the activities of a merged lead would look new.
      if (gone) await completeMerge(engine, projectId, gone.leadId, request);
      else {
        // A link is for ever: what the leads have by now decides, not what this process remembers of them.
        const any = found.some(({ root }) => root);
        const sure = any ? planOf(flow, await survey(flow, identifiers, true)) : plan;
        if (!isDone(sure)) await join(flow, sure);
      }
    } catch (error) {
      if (!hasMoved(error)) throw error;
    }
  }
  throw new TooManyConflicts('The lead');
};
