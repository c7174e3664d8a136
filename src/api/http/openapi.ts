import type { FastifyReply, FastifyRequest } from 'fastify';
import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import { createJsonSchemaTransform } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { Permission } from '../../domain/people/permissions.ts';
import type { App } from './app.ts';
import { problemSchema, reasons } from './problems.ts';
import { consoleCookie, consoleHeader } from './signed.ts';

const toJsonSchema = createJsonSchemaTransform({ zodToJsonConfig: { unrepresentable: 'any' } });

const isRecursion = (value: unknown): boolean =>
  typeof value === 'object' &&
  value !== null &&
  '$ref' in value &&
  /^#\/components\/schemas\/schema\d+$/.test(String(value.$ref));

// The only recursive schema is zod's own for JSON; it has no name that a reference could lead to.
const withoutRecursion = <T>(schema: T): T =>
  z.custom<T>().parse(JSON.parse(JSON.stringify(schema), (_, value: unknown) => (isRecursion(value) ? {} : value)));

const described = (responses: unknown): Record<string, object> =>
  Object.fromEntries(
    Object.entries(z.record(z.string(), z.looseObject({})).catch({}).parse(responses)).map(([status, schema]) => [
      status,
      { description: reasons[status] ?? 'A problem', ...schema },
    ]),
  );

const problem = (description: string) => ({
  description,
  content: { 'application/problem+json': { schema: z.toJSONSchema(problemSchema) } },
});
const problems = { '4XX': problem('The request is refused'), '5XX': problem('It can not be served now') };

const securitySchemes = {
  bearer: {
    type: 'http',
    scheme: 'bearer',
    description: 'A key of a project, the root key, or a person’s access token',
  },
  apiKey: { type: 'apiKey', in: 'header', name: 'X-API-Key' },
  basic: { type: 'http', scheme: 'basic', description: 'The key as the user, without a password' },
  cookie: {
    type: 'apiKey',
    in: 'cookie',
    name: consoleCookie,
    description: `The session of the console, by TLS \`__Host-${consoleCookie}\`; who writes with it sends the header ${consoleHeader}`,
  },
} as const;

/** What a caller may show where this is needed. Keys have no account, and where events come in nobody looks at cookies. */
const schemesFor = (permission: Permission | undefined): readonly (keyof typeof securitySchemes)[] => {
  if (permission === 'account') return ['bearer', 'cookie'];
  return permission === 'events:write' ? ['bearer', 'apiKey', 'basic'] : ['bearer', 'apiKey', 'basic', 'cookie'];
};

const info = {
  title: 'Leadfold',
  version: '1.0.0',
  description: [
    'Captures what people do, finds out who they are, scores them and says why.',
    'Errors are problem documents (RFC 9457); `GET /problems` lists their codes.',
    'The root key and people name the project with `X-Project-Id`, where the path does not; a key of a project needs no such header. Where a path names another project, the header is refused.',
    'Browsers may have the cookie that `POST /api/auth/console` sets in the place of a key.',
    'Commands take `Idempotency-Key` (with something else than before: 422 `idempotency-key-reused`) and `If-Match`, and answer with `Leadfold-Position`; a read with',
    '`Leadfold-After-Position` waits until the read models have come that far, 2 s at most, and so do at most 100 reads of a project at once.',
  ].join(' '),
};

/** Serves the OpenAPI 3.1 description of all routes at /openapi.json, and as a page at /docs. */
export const openApi = async (app: App): Promise<void> => {
  await app.register(swagger, {
    openapi: { openapi: '3.1.0', info, components: { securitySchemes } },
    transform: (document) => {
      const { schema, url } = toJsonSchema(document);
      const open = document.route.config?.public === true;
      const { permission } = document.route.config ?? {};
      // Of schemes that are not OAuth's, these are roles: what the caller must be allowed.
      const roles = permission === undefined ? [] : [permission];
      const takes = permission === undefined ? [] : [`Takes the permission \`${permission}\`.`];
      const description = [...(schema.description === undefined ? [] : [schema.description]), ...takes].join('\n\n');
      const security = open ? [] : schemesFor(permission).map((scheme) => ({ [scheme]: roles }));
      const response = { ...problems, ...described(schema.response) };
      return { url, schema: withoutRecursion({ ...schema, description, security, response }) };
    },
  });
  // It is the same for as long as the process lives, and anybody may ask for it: it is written once.
  const written: { bytes?: Buffer } = {};
  const send = (_request: FastifyRequest, reply: FastifyReply): FastifyReply => {
    written.bytes ??= Buffer.from(JSON.stringify(app.swagger()));
    return reply.header('Content-Type', 'application/json; charset=utf-8').send(written.bytes);
  };
  await app.register(async (page) => {
    page.addHook('onRoute', (route) => {
      route.config = { ...route.config, public: true, ofDocs: true };
      if (route.url === '/docs/json') route.handler = send;
    });
    // Of so many operations a browser takes seconds to draw all.
    await page.register(swaggerUi, { routePrefix: '/docs', uiConfig: { docExpansion: 'none' } });
  });
  app.get('/openapi.json', { config: { public: true }, schema: { hide: true } }, send);
};
