import { z } from 'zod';
import { changeMemberRole } from '../../commands/projects/change-member-role.ts';
import { removeMember } from '../../commands/projects/remove-member.ts';
import { isoTime } from '../../domain/lead/activity.ts';
import { emailAddress } from '../../domain/people/address.ts';
import { permissionsOfRole } from '../../domain/people/permissions.ts';
import { roles } from '../../domain/people/roles.ts';
import { memberLimits } from '../../domain/projects/members.ts';
import { invitePerson } from '../../flows/members.ts';
import type { MemberView } from '../../queries/projects/members.ts';
import { memberOf, members as listed } from '../../queries/projects/members.ts';
import type { Routes } from '../http/app.ts';
import { mustHoldAll } from '../http/caller.ts';
import type { ApiContext } from '../http/context.ts';
import { listOf, pageOf, paging } from '../http/paging.ts';
import { queryContext } from '../http/query-context.ts';
import { requestOf, withPosition } from '../http/request.ts';

const tags = ['People'];
const config = { permission: 'members' } as const;
const ofProject = z.object({ projectId: z.string() });
const ofMember = ofProject.extend({ personId: z.string().max(64) });
const bodyLimit = 16_384;

const role = z.enum(roles);
const told = z.object({
  personId: z.string(),
  email: z.string().optional(),
  name: z.string().optional().describe('Of members only: what somebody is called who did not come is not told'),
  role,
  state: z.enum(['member', 'invited']),
  since: isoTime,
  until: isoTime.optional().describe('Until when the invitation is open'),
});
type Told = z.infer<typeof told>;

/** For how long it may be that an address to which an invitation was made is not recorded yet, in ms. */
const soon = 2_000;

/**
 * Of who is invited nothing is told but what was said of them: not even whether they have an account. So their address is told soon
 * after by who heard it alone: others would know it at once only if somebody had it before.
 */
const tellOf =
  ({ people, clock }: ApiContext) =>
  async (member: MemberView): Promise<Told> => {
    const { personId, state, since } = member;
    if (state === 'invited') {
      const isNew = clock().getTime() - Date.parse(since) < soon;
      const email = people.invitedBy(personId) ?? (isNew ? undefined : (await people.personOf(personId))?.email);
      return { ...member, ...(email !== undefined && { email }) };
    }
    const { email, name } = (await people.personOf(personId)) ?? {};
    return { ...member, ...(email !== undefined && { email }), ...(name !== undefined && { name }) };
  };

/** The people of a project: who is in it, who is invited, and what they may do. */
export const members: Routes = (app, api) => {
  const { engine } = api;
  const context = queryContext(api);
  const tell = tellOf(api);
  const url = '/api/projects/:projectId/members';
  app.route({
    method: 'POST',
    url,
    config,
    bodyLimit,
    schema: {
      summary: 'Invite somebody to the project',
      description: [
        'They are mailed a link that holds for 7 days and once; whoever is invited anew is mailed anew, and is what was said last.',
        `An address is sent 3 mails an hour at most. A project has ${memberLimits.members} members and open invitations, and makes ${memberLimits.invitationsADay} invitations a day.`,
        'Nobody gives a role that may do more than they may.',
      ].join(' '),
      tags,
      params: ofProject,
      body: z.strictObject({ email: emailAddress, role }),
      response: { 201: told },
    },
    handler: async (request, reply): Promise<Told> => {
      const { projectId } = request.params;
      const { email, role: wanted } = request.body;
      mustHoldAll(request.caller, permissionsOfRole[wanted]);
      const asked = requestOf(request, 'InviteMember');
      const { personId, known, position } = await invitePerson(api, { projectId, email, role: wanted }, asked);
      withPosition(reply, position).code(201);
      reply.header('Location', `/api/projects/${projectId}/members`);
      const invited =
        'until' in known ? { state: 'invited' as const, until: known.until } : { state: 'member' as const };
      return { personId, email, role: known.role, since: known.at, ...invited };
    },
  });
  app.route({
    method: 'GET',
    url,
    config,
    schema: {
      summary: 'The members, and who is invited',
      tags,
      params: ofProject,
      querystring: z.object(paging),
      response: { 200: listOf(told) },
    },
    handler: async ({ params: { projectId }, query }) => {
      const page = await pageOf(api, ['members', projectId], query, (range) => listed(context, projectId, range));
      return { ...page, data: await Promise.all(page.data.map(tell)) };
    },
  });
  app.route({
    method: 'PATCH',
    url: `${url}/:personId`,
    config,
    bodyLimit,
    schema: {
      summary: 'Give a member another role, or who is invited',
      description: 'It holds within 2 s in every process. A project that has an admin keeps one.',
      tags,
      params: ofMember,
      body: z.strictObject({ role }),
      response: { 200: told },
    },
    handler: async (request, reply): Promise<Told> => {
      const { projectId, personId } = request.params;
      const { role: wanted } = request.body;
      const before = await memberOf(context, projectId, personId);
      for (const each of [before.role, wanted]) mustHoldAll(request.caller, permissionsOfRole[each]);
      const asked = requestOf(request, changeMemberRole.name);
      const { position } = await engine.handle(changeMemberRole, { projectId, personId, role: wanted }, asked);
      withPosition(reply, position);
      return tell(await memberOf(context, projectId, personId));
    },
  });
  app.route({
    method: 'DELETE',
    url: `${url}/:personId`,
    config,
    schema: {
      summary: 'Remove a member, or withdraw an invitation',
      description: 'It holds within 2 s in every process. The last admin can not go.',
      tags,
      params: ofMember,
      response: { 204: z.null() },
    },
    handler: async (request, reply) => {
      const asked = requestOf(request, removeMember.name);
      const { position } = await engine.handle(removeMember, request.params, asked);
      return withPosition(reply, position).code(204).send();
    },
  });
};
