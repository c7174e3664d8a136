import { z } from 'zod';
import { mustKnowRegions } from '../../domain/routing/regions.ts';
import { Rejection } from '../../domain/rejection.ts';
import { repSchema, rosterId } from '../../domain/routing/roster-events.ts';
import { repForm, withChanges } from '../../domain/routing/roster-form.ts';
import { mustHaveRoom } from '../../domain/routing/roster-room.ts';
import { mustHaveTeams, roster } from '../../domain/routing/roster.ts';
import { command } from '../../engine/command.ts';

const taken = (repId: string, left: boolean): string =>
  left ? `Rep ${repId} left; change the status to have it back` : `There is a rep ${repId} already; choose another id`;

/** Puts somebody on the roster, as a member of teams that are there. */
export const addRep = command(roster)({
  name: 'AddRep',
  input: repForm.extend({ projectId: z.string(), repId: rosterId }),
  id: ({ projectId }) => projectId,
  decide: (state, { projectId: _, ...rep }) => {
    const known = state.reps.get(rep.repId);
    if (known) throw new Rejection('rep-exists', taken(rep.repId, known.status === 'left'));
    mustHaveTeams(state, rep.teamIds);
    const added = withChanges(repSchema, rep, {});
    mustHaveRoom(state, undefined, added);
    mustKnowRegions(state, undefined, added);
    return [{ type: 'RepAdded', data: added }];
  },
});
