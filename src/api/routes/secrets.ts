import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { overlapHours } from '../../commands/sources/rotate-source-secret.ts';
import { isoTime } from '../../domain/lead/activity.ts';
import type { Permission } from '../../domain/people/permissions.ts';
import { secretStates } from '../../domain/sources/secrets.ts';
import type { SecretView } from '../../queries/secrets.ts';
import type { App } from '../http/app.ts';
import { withPosition } from '../http/request.ts';
import { toldSecret } from '../http/webhook-secret.ts';

/** For how long the former secret is valid, where nobody says, in hours. */
const usualOverlap = 24;

type Access = { readonly permission: Permission };
const usualAccess: NonNullable<SecretOwner['access']> = {
  read: { permission: 'leads:read' },
  write: { permission: 'config:write' },
};

/** Whose secrets a request is about. */
export type OwnerPlace = { readonly projectId: string; readonly ownerId: string };

type Rotated = {
  readonly secretId: string;
  readonly secret: string;
  /** Until when the former one is valid, ISO 8601. */
  readonly validUntil: string;
  readonly position: number;
};

/** What a request to rotate says; of what takes secrets that others made, the secret too. */
export type Rotation = { readonly overlapHours: number; readonly secret?: string | undefined };

/** The body of a request to rotate. */
export const rotation = z.strictObject({ overlapHours: overlapHours.default(usualOverlap) });

/** What has secrets, and how it is given others. */
export type SecretOwner = {
  /** The path of one, at whose end `param` stands for its id. */
  readonly url: string;
  readonly param: string;
  readonly tags: string[];
  /** How it is called in the descriptions. */
  readonly name: string;
  /** What whoever reads and changes must be allowed; as for other settings unless said. */
  readonly access?: { readonly read: Access; readonly write: Access };
  /** What a secret is called in the answer that tells it, `secret` unless said. */
  readonly told?: string;
  readonly body: z.ZodType<Rotation>;
  readonly secrets: (place: OwnerPlace) => Promise<readonly SecretView[]>;
  readonly rotate: (request: FastifyRequest, place: OwnerPlace, wanted: Rotation) => Promise<Rotated>;
  /** Makes a former secret hold no longer. Gives the position of the fact that says so. */
  readonly remove: (request: FastifyRequest, place: OwnerPlace, secretId: string) => Promise<number>;
};

/** The secrets of what has some: what each of them is, only whoever made it was told. */
export const secretRoutes = (app: App, owner: SecretOwner): void => {
  const { url, param, tags, name, access = usualAccess, told = 'secret' } = owner;
  const { read, write } = access;
  const ofOwner = z.object({ projectId: z.string(), [param]: z.string().max(128) });
  const ofSecret = ofOwner.extend({ secretId: z.string().max(64) });
  const placeOf = (params: Readonly<Record<string, string>>): OwnerPlace => ({
    projectId: params['projectId'] ?? '',
    ownerId: params[param] ?? '',
  });
  app.route({
    method: 'POST',
    url: `${url}/rotate`,
    config: write,
    schema: {
      summary: `Give ${name} another secret`,
      description: `The former one is valid for \`overlapHours\` more, ${usualOverlap} unless said; both are used meanwhile.`,
      tags,
      params: ofOwner,
      body: owner.body.nullish(),
      response: { 200: z.object({ secretId: z.string(), [told]: toldSecret, validUntil: isoTime }) },
    },
    handler: async (request, reply) => {
      const wanted = request.body ?? { overlapHours: usualOverlap };
      const { position, secretId, secret, validUntil } = await owner.rotate(request, placeOf(request.params), wanted);
      withPosition(reply, position);
      return { secretId, [told]: secret, validUntil };
    },
  });
  app.route({
    method: 'GET',
    url: `${url}/secrets`,
    config: read,
    schema: {
      summary: `The secrets of ${name}, without what they are`,
      tags,
      params: ofOwner,
      response: {
        200: z.array(
          z.object({
            secretId: z.string(),
            state: z.enum(secretStates),
            createdAt: isoTime,
            validUntil: isoTime.optional(),
          }),
        ),
      },
    },
    handler: async ({ params }) => [...(await owner.secrets(placeOf(params)))],
  });
  app.route({
    method: 'DELETE',
    url: `${url}/secrets/:secretId`,
    config: write,
    schema: { summary: 'Make a former secret hold no longer', tags, params: ofSecret, response: { 204: z.null() } },
    handler: async (request, reply) => {
      const position = await owner.remove(request, placeOf(request.params), request.params['secretId'] ?? '');
      return withPosition(reply, position).code(204).send();
    },
  });
};
