import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import { createJsonSchemaTransform } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { App } from './app.ts';
import { problemSchema } from './problems.ts';

const zodToJsonConfig = { unrepresentable: 'any' } as const;
const toJsonSchema = createJsonSchemaTransform({ zodToJsonConfig });

const problem = (description: string) => ({
  description,
  content: { 'application/problem+json': { schema: z.toJSONSchema(problemSchema) } },
});

const securitySchemes = {
  bearer: { type: 'http', scheme: 'bearer', description: 'A key of a project, or the root key' },
  apiKey: { type: 'apiKey', in: 'header', name: 'X-API-Key' },
  basic: { type: 'http', scheme: 'basic', description: 'The key as the user, without a password' },
} as const;

const info = {
  title: 'Leadfold',
  version: '1.0.0',
  description: [
    'Captures what people do, finds out who they are, scores them and says why.',
    'Errors are problem documents (RFC 9457); `GET /problems` lists their codes.',
    'The root key names its project with `X-Project-Id`; a key of a project needs no such header.',
  ].join(' '),
};

/** Serves the OpenAPI 3.1 description of all routes at /openapi.json, and as a page at /docs. */
export const openApi = async (app: App): Promise<void> => {
  await app.register(swagger, {
    openapi: { openapi: '3.1.0', info, components: { securitySchemes } },
    transform: (document) => {
      const { schema, url } = toJsonSchema(document);
      const { config } = document.route;
      const security = config?.public ? [] : [{ bearer: [] }, { apiKey: [] }, { basic: [] }];
      const problems = { '4XX': problem('The request is refused'), '5XX': problem('It can not be served now') };
      return { url, schema: { ...schema, security, response: { ...problems, ...Object(schema.response) } } };
    },
  });
  await app.register(async (page) => {
    page.addHook('onRoute', (route) => void (route.config = { ...route.config, public: true }));
    await page.register(swaggerUi, { routePrefix: '/docs' });
  });
  app.get('/openapi.json', { config: { public: true }, schema: { hide: true } }, () => app.swagger());
};
