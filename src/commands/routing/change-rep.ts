import { z } from 'zod';
import { mustKnowRegions } from '../../domain/routing/regions.ts';
import { Rejection } from '../../domain/rejection.ts';
import { repSchema, rosterId } from '../../domain/routing/roster-events.ts';
import { repChanges, withChanges } from '../../domain/routing/roster-form.ts';
import { mustHaveRoom } from '../../domain/routing/roster-room.ts';
import { mustHaveTeams, roster } from '../../domain/routing/roster.ts';
import { command } from '../../engine/command.ts';

/** Changes some of a rep. What two ask for at once both holds, unless it is about the same. Who left may come back. */
export const changeRep = command(roster)({
  name: 'ChangeRep',
  input: z.object({ projectId: z.string(), repId: rosterId, changes: repChanges }),
  id: ({ projectId }) => projectId,
  decide: (state, { repId, changes }) => {
    const before = state.reps.get(repId);
    if (!before) throw new Rejection('member-unknown', `There is no rep ${repId}`);
    const rep = withChanges(repSchema, before, changes);
    mustHaveTeams(state, rep.teamIds);
    mustHaveRoom(state, before, rep);
    mustKnowRegions(state, before, rep);
    return JSON.stringify(rep) === JSON.stringify(repSchema.parse(before)) ? [] : [{ type: 'RepChanged', data: rep }];
  },
});
