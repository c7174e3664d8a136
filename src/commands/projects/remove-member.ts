import { z } from 'zod';
import { mustBeMember, mustLeaveAnAdmin, openInvitation } from '../../domain/projects/members.ts';
import { project } from '../../domain/projects/project.ts';
import { command } from '../../engine/command.ts';

/** Ends what a person may do in a project, or withdraws their invitation. The last admin stays. */
export const removeMember = command(project)({
  name: 'RemoveMember',
  input: z.object({ projectId: z.string(), personId: z.string() }),
  id: ({ projectId }) => projectId,
  decide: (state, { personId }, { now }) => {
    if (!state.members.has(personId) && openInvitation(state, personId, now))
      return [{ type: 'InvitationWithdrawn', data: { personId } }];
    mustLeaveAnAdmin(state, mustBeMember(state, personId));
    return [{ type: 'MemberRemoved', data: { personId } }];
  },
});
