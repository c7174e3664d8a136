import { describe, expect, it } from 'vitest';
import { boot } from '../support.ts';

const refsIn = (value: unknown): readonly string[] =>
  typeof value !== 'object' || value === null
    ? []
    : Object.entries(value).flatMap(([key, part]) =>
        key === '$ref' && typeof part === 'string' ? [part] : refsIn(part),
      );

const at = (document: unknown, ref: string): unknown =>
  ref
    .replace('#/', '')
    .split('/')
    .reduce<unknown>((value, key) => Object.entries(value ?? {}).find(([name]) => name === key)?.[1], document);

/** The routes of a tree such as Fastify prints: `method /path/{parameter}`. */
const routesIn = (tree: string): readonly string[] => {
  const above: string[] = [];
  return tree.split('\n').flatMap((line) => {
    const [, indent = '', part = '', methods = ''] = /^([│ ]*)[├└]── (\S+)(?: \(([A-Z, ]+)\))?$/.exec(line) ?? [];
    const depth = indent.length / 4;
    above[depth] = (above[depth - 1] ?? '') + part;
    const path = above[depth].replace(/:(\w+)/g, '{$1}');
    return methods.split(', ').map((method) => `${method.toLowerCase()} ${path}`);
  });
};

/** What needs no description: the page itself, HEAD, and the short form of a path that has one. */
const isUndescribed = (name: string): boolean =>
  name.trim() === '' || /^head |^options \*|^get \/(?:docs|openapi\.json|console\/)|^post \/v1\/[a-z]$/.test(name);

type Operation = {
  summary?: string;
  tags?: string[];
  security?: object[];
  responses: object;
  parameters?: Parameter[];
};
type Parameter = { name: string; in: string };

const read = async () => {
  await using served = await boot();
  const answer = await served.app.inject('/openapi.json');
  const routes = routesIn(served.app.printRoutes({ commonPrefix: false }));
  const document = answer.json();
  const paths = Object.entries<Record<string, Operation>>(document.paths);
  const operations = paths.flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => ({ path, name: `${method} ${path}`, operation })),
  );
  return { answer, document, operations, routes };
};

describe('the description of the API', () => {
  it('is OpenAPI 3.1', async () => {
    const { answer, document } = await read();
    expect(answer.statusCode).toBe(200);
    expect(document).toMatchObject({ openapi: '3.1.0', info: { title: 'Leadfold' } });
    expect(Object.keys(document.components.securitySchemes)).toEqual(['bearer', 'apiKey', 'basic', 'cookie']);
    const ways = (path: string, method: string) =>
      document.paths[path]?.[method]?.security?.flatMap((each: object) => Object.keys(each));
    expect(ways('/api/auth/me', 'get')).toEqual(['bearer', 'cookie']);
    expect(ways('/api/events', 'post')).toEqual(['bearer', 'apiKey', 'basic']);
    expect(ways('/api/leads', 'get')).toEqual(['bearer', 'apiKey', 'basic', 'cookie']);
  });

  it('says of every operation what it does, where it belongs and what it answers', async () => {
    const { operations } = await read();
    const vague = operations.filter(
      ({ operation: { summary, tags, responses } }) =>
        !summary || !tags?.length || !Object.keys(responses).some((status) => status.startsWith('2')),
    );
    expect(vague.map(({ name }) => name)).toEqual([]);
  });

  it('names every parameter of a path', async () => {
    const { operations } = await read();
    const missing = operations.filter(({ path, operation: { parameters = [] } }) => {
      const named = parameters.filter((each) => each.in === 'path').map(({ name }) => `{${name}}`);
      return JSON.stringify(named.toSorted()) !== JSON.stringify([...(path.match(/\{\w+\}/g) ?? [])].toSorted());
    });
    expect(missing.map(({ name }) => name)).toEqual([]);
  });

  it('has no reference that leads nowhere', async () => {
    const { document } = await read();
    expect(refsIn(document).filter((ref) => at(document, ref) === undefined)).toEqual([]);
  });

  it('asks for a key everywhere but where everybody may go', async () => {
    const { operations } = await read();
    const open = operations.filter(({ operation }) => operation.security?.length === 0).map(({ path }) => path);
    expect(open).toEqual(expect.arrayContaining(['/api/health', '/livez', '/readyz', '/problems']));
    expect(open.filter((path) => path.startsWith('/api/') && !/^\/api\/(health$|auth\/)/.test(path))).toEqual([]);
  });

  it('lists every route', async () => {
    const { operations, routes } = await read();
    const listed = operations.map(({ name }) => name);
    expect(routes.length).toBeGreaterThan(listed.length);
    expect(routes.filter((name) => !isUndescribed(name) && !listed.includes(name))).toEqual([]);
  });

  it('lists what the contract names', async () => {
    const { operations } = await read();
    expect(operations.map(({ name }) => name)).toEqual(
      expect.arrayContaining([
        ...['get /api/health', 'get /livez', 'get /readyz'],
        ...['post /api/projects', 'get /api/projects', 'get /api/projects/{projectId}'],
        ...['post /api/projects/{projectId}/keys', 'delete /api/projects/{projectId}/keys/{keyId}'],
        ...['get /api/projects/{projectId}/scoring-model', 'put /api/projects/{projectId}/scoring-model'],
        'get /api/projects/{projectId}/scoring-model/versions',
        ...[
          'post /api/events/ingest',
          'post /api/events',
          'post /api/events/batch',
          'post /v1/batch',
          'post /v1/import',
        ],
        ...['get /api/leads', 'get /api/leads/{leadId}', 'get /api/leads/lookup', 'get /api/leaderboard'],
        'get /api/admin/jobs/{jobId}',
      ]),
    );
  });

  it('is shown as a page that loads nothing from elsewhere', async () => {
    await using served = await boot();
    const page = await served.app.inject('/docs');
    expect(page.statusCode).toBe(200);
    expect(page.body).not.toMatch(/(?:src|href)="https?:/);
    const [, script = ''] = /src="([^"]+bundle\.js)"/.exec(page.body) ?? [];
    expect((await served.app.inject(script)).statusCode).toBe(200);
    expect((await served.app.inject('/docs/json')).json()).toMatchObject({ openapi: '3.1.0' });
  });
});
