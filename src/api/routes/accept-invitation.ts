import { z } from 'zod';
import { personName } from '../../domain/people/person.ts';
import { roles } from '../../domain/people/roles.ts';
import { unrepeatable } from '../../engine/command.ts';
import { joinProject } from '../../flows/members.ts';
import type { Routes } from '../http/app.ts';
import { traceparentOf, withPosition } from '../http/request.ts';

const wanted = z.strictObject({
  token: z.string().min(1).max(256).describe('What the link in the mail has behind `#token=`'),
  password: z.string().max(1_024).optional().describe('Of whom has none yet: 8 to 256 characters'),
  name: personName.optional(),
});

/** The way in for who was invited. */
export const acceptInvitation: Routes = (app, api) => {
  app.route({
    method: 'POST',
    url: '/api/auth/accept-invitation',
    config: { public: true },
    bodyLimit: 16_384,
    schema: {
      summary: 'Take an invitation to a project',
      description: [
        'The address counts as verified. Who has no password sets one; one that was given at a registration that was never verified is gone.',
        'The same token again answers the same as long as it would hold.',
      ].join(' '),
      tags: ['People'],
      body: wanted,
      response: {
        200: z.object({
          projectId: z.string(),
          personId: z.string(),
          role: z.enum(roles),
          passwordSet: z.boolean().describe('Whether there is a password by now; else ask for one by forgot-password'),
        }),
      },
    },
    handler: async (request, reply) => {
      const traceparent = traceparentOf(request);
      // Nobody has signed in: no key of theirs could keep one caller's command from another's. The token says what is the same.
      const asked = {
        commandId: unrepeatable(api.newId()),
        correlationId: request.id,
        ...(traceparent !== undefined && { traceparent }),
      };
      const { projectId, member, passwordSet, position } = await joinProject(api, request.body, asked);
      withPosition(reply, position);
      return { projectId, personId: member.personId, role: member.role, passwordSet };
    },
  });
};
