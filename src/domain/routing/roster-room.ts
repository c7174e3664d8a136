import { Rejection } from '../rejection.ts';
import type { Rep, Team } from './roster-events.ts';
import { rosterLimits } from './roster-form.ts';
import type { RosterState } from './roster.ts';
import { entriesIn, entriesOf } from './roster.ts';

type Member = Rep | Team;

const full = (detail: string): Rejection => new Rejection('roster-full', detail);

const bytesOf = (member: Member | undefined): number => (member ? JSON.stringify(member).length : 0);

const isHere = (member: Member | undefined): boolean =>
  member !== undefined && 'repId' in member && member.status !== 'left';

/** Throws a `Rejection` when there is no room for one more rep who has not left. */
const mustHavePlace = ({ reps }: RosterState, before: Member | undefined, after: Rep): void => {
  const { reps: most, repsEver } = rosterLimits;
  if (!before && reps.size >= repsEver)
    throw full(`A project has ${repsEver} reps at most, with those who left; have one of them back instead`);
  if (isHere(before) || !isHere(after)) return;
  let here = 0;
  for (const rep of reps.values()) if (isHere(rep)) here += 1;
  if (here >= most) throw full(`A project has ${most} reps at most, besides those who left; say who left first`);
};

/**
 * Throws a `Rejection` when a roster has no room for a rep or a team as it is to be. One that is larger than it may be by now
 * may be made smaller.
 */
export const mustHaveRoom = (state: RosterState, before: Member | undefined, after: Member): void => {
  if ('repId' in after) mustHavePlace(state, before, after);
  const bytes = bytesOf(after);
  if (bytes > rosterLimits.bytes && bytes > bytesOf(before))
    throw full(`As JSON it would have ${bytes} characters, ${rosterLimits.bytes} at most; shorten its lists`);
  const more = entriesOf(after) - (before ? entriesOf(before) : 0);
  if (more <= 0) return;
  const entries = entriesIn(state) + more;
  if (entries > rosterLimits.entries)
    throw full(`The lists of all reps and teams would have ${entries} entries, ${rosterLimits.entries} at most`);
};
