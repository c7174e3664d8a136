import { Map as PersistentMap } from 'immutable';
import type { Considered } from './candidates.ts';
import { byReason, recordedOf } from './candidates.ts';
import type { Fitting, Member, Scene } from './fitting.ts';
import { fitting } from './fitting.ts';
import type { Candidate } from './ownership-events.ts';
import { pickNext } from './rotation.ts';
import type { RosterState } from './roster.ts';
import type { Routable } from './routable.ts';
import type { RoutingRule, RoutingTarget, Strategy } from './routing-rules.ts';
import type { Step } from './routing-steps.ts';
import { membersIn, ruleFor, stepsFor } from './routing-steps.ts';

type Share = { readonly repId: string; readonly weight: number };

/** A rep was found. `rotation` says in which rotation it was its turn, among whom. */
export type Placed = Considered & {
  readonly kind: 'placed';
  readonly repId: string;
  readonly teamId: string;
  readonly rule?: string;
  readonly strategy?: Strategy;
  readonly because: string;
  readonly rotation?: { readonly pool: string; readonly shares: readonly Share[] };
};

/** Who gets a lead, or why nobody does. */
export type Decided =
  Placed | (Considered & { readonly kind: 'failed'; readonly rule?: string; readonly reason: string });

/** The name of the rotation of a target: the same whichever rule names it. */
const rotationOf = ({ teams = [], reps = [] }: RoutingTarget): string =>
  [...teams.map((id) => `team:${id}`).sort(), ...reps.map((id) => `rep:${id}`).sort()].join(' ');

/** A decision that is being taken. */
type Deciding = {
  readonly lead: Routable;
  readonly scene: Scene;
  readonly fits: Fitting;
  readonly membersOf: (target: RoutingTarget) => readonly Member[];
};

type Found = { readonly member: Member; readonly rotation?: Placed['rotation'] };

const loadOf = ({ rep }: Member, { pool }: Scene): number =>
  (pool.open.get(rep.repId) ?? 0) / Math.max(1, rep.capacity);

const skillOf = ({ rep }: Member, { skills }: Step, { levelOf }: Fitting): number =>
  skills.length > 0
    ? skills.reduce((sum, { skill }) => sum + levelOf(rep, skill), 0)
    : rep.skills.reduce((sum, { level }) => sum + level, 0);

const byLoad =
  (scene: Scene) =>
  (a: Member, b: Member): number =>
    loadOf(a, scene) - loadOf(b, scene) || b.rep.weight - a.rep.weight || (a.rep.repId < b.rep.repId ? -1 : 1);

const choose = (able: readonly Member[], step: Step, { scene, fits }: Deciding): Found | undefined => {
  if (step.strategy === 'round-robin') {
    const pool = step.rotation ?? rotationOf(step.target);
    const shares = able.map(({ rep }) => ({ repId: rep.repId, weight: rep.weight })).filter(({ weight }) => weight > 0);
    const next = pickNext(scene.pool.rotations.get(pool) ?? PersistentMap<string, number>(), shares);
    const member = able.find(({ rep }) => rep.repId === next);
    return member && { member, rotation: { pool, shares } };
  }
  const least = byLoad(scene);
  const skill = new Map(step.strategy === 'best-skill' ? able.map((each) => [each, skillOf(each, step, fits)]) : []);
  const best = (a: Member, b: Member): number => (skill.get(b) ?? 0) - (skill.get(a) ?? 0) || least(a, b);
  const [member] = able.toSorted(best);
  return member && { member };
};

const teamOf = (member: Member, { fits }: Deciding): string =>
  fits.teamFor(member)?.teamId ?? member.rep.teamIds[0] ?? '';

const askStep = (deciding: Deciding, step: Step, considered: Map<string, Candidate>): Placed | undefined => {
  const { rule, strategy, because } = step;
  const able: Member[] = [];
  for (const member of deciding.membersOf(step.target)) {
    const { repId, weight } = member.rep;
    const out =
      deciding.fits.reasonOut(member, step.skills) ??
      (strategy === 'round-robin' && weight === 0 ? 'weight 0' : undefined);
    if (out === undefined) able.push(member);
    const rotating = strategy === 'round-robin' && out === undefined;
    considered.set(repId, { repId, in: out === undefined, reason: out ?? 'fits', ...(rotating && { weight }) });
  }
  const found = choose(able, step, deciding);
  if (!found) return undefined;
  const { repId } = found.member.rep;
  const chosen = considered.get(repId);
  if (chosen) considered.set(repId, { ...chosen, reason: 'chosen' });
  return {
    kind: 'placed',
    repId,
    teamId: teamOf(found.member, deciding),
    strategy,
    because,
    ...(rule !== undefined && { rule }),
    ...recordedOf([...considered.values()], repId),
    ...(found.rotation && { rotation: found.rotation }),
  };
};

/** The rep that has had to do with the lead or its company, if it may have it. */
const askOwners = (
  deciding: Deciding,
  rule: RoutingRule | undefined,
  considered: Map<string, Candidate>,
): Placed | undefined => {
  const { lead, scene, fits, membersOf } = deciding;
  const { sticky } = scene.roster.routing.rules;
  const owners = [
    ...(sticky.lead && lead.previous !== undefined ? [[lead.previous, 'had this lead before'] as const] : []),
    ...(sticky.domain && lead.domain !== undefined
      ? [[scene.pool.domains.get(lead.domain), `has leads of ${lead.domain}`] as const]
      : []),
  ];
  for (const [repId, because] of owners) {
    const [member] = repId === undefined ? [] : membersOf({ reps: [repId] });
    if (!member || repId === undefined) continue;
    const out = fits.reasonOut(member, rule?.skills ?? []);
    considered.set(repId, { repId, in: out === undefined, reason: out ?? 'sticky' });
    if (out !== undefined) continue;
    return {
      kind: 'placed',
      repId,
      teamId: teamOf(member, deciding),
      because: `${repId} ${because}`,
      ...(rule && { rule: rule.id }),
      ...recordedOf([...considered.values()], repId),
    };
  }
  return undefined;
};

const why = (candidates: readonly Candidate[], lacking: string): string => {
  if (candidates.length === 0) return lacking;
  const parts = byReason(candidates).map(({ reason, count }) => `${count} ${reason}`);
  return `Nobody of ${candidates.length} fits: ${parts.join(', ')}`;
};

/**
 * Decides who gets a lead. Asked are: who had it before, who has others of its company, whom the first rule that applies
 * names, whom its fallbacks name, the default team. The same facts give the same decision.
 */
export const decideRouting = (lead: Routable, scene: Scene): Decided => {
  const rule = ruleFor(lead, scene.roster);
  const considered = new Map<string, Candidate>();
  const deciding = { lead, scene, fits: fitting(lead, scene), membersOf: membersIn(scene.roster) };
  const owner = askOwners(deciding, rule, considered);
  if (owner) return owner;
  const steps = stepsFor(rule, scene.roster);
  for (const step of steps) {
    const placed = askStep(deciding, step, considered);
    if (placed) return placed;
  }
  const candidates = [...considered.values()];
  const lacking = steps.length === 0 ? 'No rule applies, and there is no default team' : 'There is nobody to ask';
  return {
    kind: 'failed',
    ...(rule && { rule: rule.id }),
    reason: why(candidates, lacking),
    ...recordedOf(candidates),
  };
};

/** What leads have in common that fit the same reps, but for who has others of their company. */
export const likenessOf = (lead: Routable, roster: RosterState): string =>
  JSON.stringify([
    ...[roster.routing.version, ruleFor(lead, roster)?.id ?? null],
    ...[lead.country, lead.region, lead.language, lead.industry, lead.previous].map((each) => each ?? null),
    ...lead.excluded,
  ]);
