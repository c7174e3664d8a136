import { z } from 'zod';
import { openInvitation } from '../../domain/projects/members.ts';
import { project } from '../../domain/projects/project.ts';
import { Rejection } from '../../domain/rejection.ts';
import { command } from '../../engine/command.ts';

/** Makes who was invited a member. Who is one already stays what they are. */
export const takeInvitation = command(project)({
  name: 'TakeInvitation',
  input: z.object({ projectId: z.string(), personId: z.string() }),
  id: ({ projectId }) => projectId,
  decide: (state, { personId }, { now }) => {
    if (state.members.has(personId)) return [];
    const invitation = openInvitation(state, personId, now);
    if (!invitation)
      throw new Rejection('token-invalid', 'The invitation was taken back, or is too old; ask for another');
    return [{ type: 'MemberAdded', data: { personId, role: invitation.role, at: now.toISOString() } }];
  },
});
