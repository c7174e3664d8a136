import type { Role } from '../../domain/people/roles.ts';
import type { Invitation, Member } from '../../domain/projects/members.ts';
import { mustBeMember, openInvitation, openInvitations } from '../../domain/projects/members.ts';
import { project } from '../../domain/projects/project.ts';
import { memberships } from '../../projections/memberships.ts';
import { allProjects, projects } from '../../projections/projects.ts';
import { pageIn } from '../page-in.ts';
import type { Page, QueryContext, Range } from '../queries.ts';
import { documentsById, equal } from '../queries.ts';
import type { ProjectView } from './projects.ts';

/** A member, or who is invited until some time to be one. */
export type MemberView = {
  readonly personId: string;
  readonly role: Role;
  readonly state: 'member' | 'invited';
  readonly since: string;
  readonly until?: string;
};

const memberView = ({ personId, role, at }: Member): MemberView => ({ personId, role, state: 'member', since: at });

const invitationView = ({ personId, role, at, until }: Invitation): MemberView => ({
  personId,
  role,
  state: 'invited',
  since: at,
  until,
});

/** A page of the members of a project and of who is invited, by id. */
export const members = async (
  { states, clock }: QueryContext,
  projectId: string,
  range: Range,
): Promise<Page<MemberView>> => {
  const { state } = await states.refresh(project, projectId);
  const all: readonly MemberView[] = [
    ...[...state.members.values()].map(memberView),
    ...openInvitations(state, clock()).map(invitationView),
  ];
  return pageIn(all, ({ personId }) => personId, range);
};

/** A member of a project, or who is invited. Throws a `Rejection` when the person is neither. */
export const memberOf = async (
  { states, clock }: QueryContext,
  projectId: string,
  personId: string,
): Promise<MemberView> => {
  const { state } = await states.refresh(project, projectId);
  const invitation = state.members.has(personId) ? undefined : openInvitation(state, personId, clock());
  return invitation ? invitationView(invitation) : memberView(mustBeMember(state, personId));
};

/** A project as one of its members sees it in a list. */
export type OwnProject = ProjectView & { readonly role: Role };

/** A page of the projects of which a person is a member, from the first on. */
export const projectsOfPerson = async (
  context: QueryContext,
  personId: string,
  range: Range,
): Promise<Page<OwnProject>> => {
  const { docs, next } = await context.readModels.find(allProjects, memberships, {
    where: equal('personId', personId),
    sort: [{ field: 'at', direction: 'asc' }],
    ...range,
  });
  const found = await documentsById(
    context,
    allProjects,
    projects,
    docs.map(({ projectId }) => projectId),
  );
  const views = docs.flatMap(({ projectId, role }) => {
    const doc = found.get(projectId);
    return doc ? [{ projectId, name: doc.name, createdAt: doc.createdAt, role }] : [];
  });
  return { docs: views, ...(next && { next }) };
};

/** Of how many projects a person is a member. */
export const countOfProjects = ({ readModels }: Pick<QueryContext, 'readModels'>, personId: string): Promise<number> =>
  readModels.count(allProjects, memberships, equal('personId', personId));
