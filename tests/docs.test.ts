import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { factsToldAs } from '../src/domain/deliveries/told-facts.ts';
import { toldTypes } from '../src/domain/deliveries/told.ts';
import { eventSchemas } from '../src/domain/events.ts';

const root = join(import.meta.dirname, '..');
const names = z.record(z.string(), z.string());
const manifest = z
  .object({ scripts: names, dependencies: names, optionalDependencies: names, devDependencies: names })
  .parse(JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')));

const docs = readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' }).map((path) => join('docs', path));
const pages = ['README.md', 'CONTRIBUTING.md', 'SECURITY.md', ...docs]
  .filter((path) => path.endsWith('.md') && existsSync(join(root, path)))
  .map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }));

/** Commands of npm itself. Not here: test and start, which are scripts. */
const OF_NPM = ['audit', 'ci', 'exec', 'install', 'ls', 'outdated', 'run', 'update', 'view'];

/** The scripts a text asks for: `npm run x` anywhere, and `npm x` where it is code. */
function scriptsIn(text: string): readonly string[] {
  const code = [...text.matchAll(/^```[^]*?^```|`[^`\n]+`/gm)].map(([span]) => span).join('\n');
  const run = [...text.matchAll(/\bnpm run ([a-z]+(?:[:-][a-z]+)*)/g)];
  const short = [...code.matchAll(/\bnpm ([a-z]+(?:[:-][a-z]+)*)/g)].filter(([, name = '']) => !OF_NPM.includes(name));
  return [...run, ...short].map(([, name = '']) => name);
}

/** The files a page links to, as paths from the root. What is shown as code is no link. */
function linksIn({ path, text }: { path: string; text: string }): readonly string[] {
  const prose = text.replaceAll(/^```[^]*?^```|`[^`\n]+`/gm, '');
  return [...prose.matchAll(/\]\(([^)\s]+)\)|^\[[^\]]+\]: (\S+)/gm)]
    .map(([, inline, reference]) => inline ?? reference ?? '')
    .filter((target) => !/^([a-z]+:|#)/.test(target))
    .map((target) => relative(root, join(root, dirname(path), target.replace(/#.*$/, ''))));
}

describe('docs/dependencies.md', () => {
  it('says of every dependency why it is here, and of no other', () => {
    const text = readFileSync(join(root, 'docs/dependencies.md'), 'utf8');
    const explained = [...text.matchAll(/^- `([^`]+)`: \S.+$/gm)].map(([, name]) => name);
    const { dependencies, optionalDependencies, devDependencies } = manifest;
    const installed = [dependencies, optionalDependencies, devDependencies].flatMap((list) => Object.keys(list));
    expect(explained.toSorted()).toEqual(installed.toSorted());
  });
});

describe('the pages', () => {
  it('name only scripts that exist', () => {
    const asked = pages.flatMap(({ path, text }) => scriptsIn(text).map((script) => ({ path, script })));
    expect(asked.filter(({ script }) => !(script in manifest.scripts))).toEqual([]);
    expect(asked).toContainEqual({ path: 'CONTRIBUTING.md', script: 'check' });
  });

  it('link only to files that exist', () => {
    const links = pages.flatMap((page) => linksIn(page).map((target) => ({ page: page.path, target })));
    expect(links.filter(({ target }) => !existsSync(join(root, target)))).toEqual([]);
    expect(links).toContainEqual({ page: 'CONTRIBUTING.md', target: join('docs', 'architecture.md') });
  });
});

describe('docs/how-to/send-webhooks.md', () => {
  it('lists every type that is told, and of which nothing is told', () => {
    const text = readFileSync(join(root, 'docs/how-to/send-webhooks.md'), 'utf8');
    const rows = [...text.matchAll(/^\| `(lead\.\w+|work_item\.\w+|quota\.\w+)` +\| (.*?) *\|/gm)];
    expect(rows.map(([, type]) => type)).toEqual(toldTypes);
    const untold = rows.filter(([, , when]) => when === 'nothing tells it in this version').map(([, type]) => type);
    expect(untold).toEqual(toldTypes.filter((type) => factsToldAs([type]).length === 0));
  });
});

describe('reading a page', () => {
  it('finds the scripts that a reader is told to run', () => {
    const text = 'npm puts it there. Run `npm test`, npm run lint:\n```sh\nnpm ci && npm start\n```\n`npm run demo`';
    expect(scriptsIn(text).toSorted()).toEqual(['demo', 'lint', 'start', 'test']);
  });

  it('finds the links to files', () => {
    const text = '[a](../b.md#c) [d](https://x.y) [e](#f) `[g](h.md)`\n[i]: ./j.md\n```\n[k](l.md)\n```';
    expect(linksIn({ path: join('docs', 'adr', 'x.md'), text })).toEqual([
      join('docs', 'b.md'),
      join('docs', 'adr', 'j.md'),
    ]);
  });
});

/** A JSON schema as a reader takes it in: its type, or what it is made of. */
function shapeOf(schema: z.core.JSONSchema.JSONSchema | boolean | undefined): string {
  if (typeof schema !== 'object') return 'any';
  if (schema.enum) return schema.enum.map((value) => `\`${JSON.stringify(value)}\``).join(' | ');
  if (schema.type === 'array') {
    const items = Array.isArray(schema.items) ? schema.items[0] : schema.items;
    return `list of ${shapeOf(items)}`;
  }
  if (schema.properties) return `{${fieldsOf(schema).join(', ')}}`;
  if (schema.anyOf && schema.anyOf.length <= 3) return schema.anyOf.map(shapeOf).join(' or ');
  if (schema.format) return schema.format;
  return typeof schema.type === 'string' ? schema.type : 'any JSON';
}

function fieldsOf({ properties = {}, required = [] }: z.core.JSONSchema.JSONSchema): readonly string[] {
  return Object.entries(properties).map(([name, field]) => {
    return `${name}${required.includes(name) ? '' : '?'}: ${shapeOf(field)}`;
  });
}

describe('docs/events.md', () => {
  it('lists every fact that is recorded, with what it says', async () => {
    const sections = Object.entries(eventSchemas).map(([type, schema]) => {
      const { description, ...shape } = z.toJSONSchema(schema, { unrepresentable: 'any', io: 'input' });
      expect(description, `${type} has no description`).toBeTruthy();
      return `## ${type}\n\n${description}\n\n${fieldsOf(shape)
        .map((field) => `- ${field}`)
        .join('\n')}\n`;
    });
    const page = `# The facts that are recorded\n\nMade from the schemas in \`src/domain/\` (\`npm test -- tests/docs.test.ts -u\` makes it again). Shapes never change: a new one gets a new\nversion, and old facts are read through an upcast. Points are in whole points with two decimals, times in ISO 8601, UTC.\n\n${sections.join('\n')}`;
    await expect(page).toMatchFileSnapshot('../docs/events.md');
  });
});
