import { countryOf } from '../conditions/country.ts';
import type { Fault } from '../rejection.ts';
import { Rejection } from '../rejection.ts';
import type { Rep, Team } from './roster-events.ts';
import type { RosterState } from './roster.ts';
import type { RoutingRules } from './routing-rules.ts';

type Member = Rep | Team;

/** A name of a region as it is compared. */
export const plainRegion = (name: string): string => name.trim().toLowerCase();

const namesIn = ({ regions }: Pick<RoutingRules, 'regions'>): ReadonlySet<string> =>
  new Set(Object.keys(regions).map(plainRegion));

/**
 * Throws a `Rejection` when a rep or a team is to serve something that is neither a country nor a region of the rules. What it
 * served before may stay.
 */
export const mustKnowRegions = ({ routing }: RosterState, before: Member | undefined, { regions }: Member): void => {
  const [had, named] = [new Set(before?.regions), namesIn(routing.rules)];
  const at = regions.findIndex(
    (each) => !had.has(each) && !named.has(plainRegion(each)) && countryOf(each) === undefined,
  );
  if (at < 0) return;
  const detail = `${regions[at] ?? ''} is no country; if it is a region of yours, name it in the regions of the routing rules first`;
  throw new Rejection('invalid-request', `In the body, /regions/${at}: ${detail}`, [{ path: ['regions', at], detail }]);
};

const nameOf = (member: Member): string => ('repId' in member ? `Rep ${member.repId}` : `Team ${member.teamId}`);

/** Regions in force that are not in rules to come, though a team serves them, or a rep who has not left. */
export const regionFaults = (
  rules: Pick<RoutingRules, 'regions'>,
  { routing, reps, teams }: RosterState,
): readonly Fault[] => {
  const kept = namesIn(rules);
  const gone = new Set([...namesIn(routing.rules)].filter((name) => !kept.has(name)));
  if (gone.size === 0) return [];
  const here = [...teams.values(), ...[...reps.values()].filter(({ status }) => status !== 'left')];
  return here.flatMap((member) => {
    const served = member.regions.find((each) => gone.has(plainRegion(each)) && countryOf(each) === undefined);
    if (served === undefined) return [];
    return [{ path: ['regions'], detail: `${nameOf(member)} serves ${served}; keep the region, or change that first` }];
  });
};
