import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { eventSchemas } from '../../src/domain/events.ts';
import { familiesOf, openInstruments } from '../../src/telemetry/instruments.ts';
import { appOfFile } from '../support/app.ts';
import { mustBe } from '../support/client.ts';
import { exposed } from '../support/metrics.ts';
import { asked } from '../support/promql.ts';

const ops = join(import.meta.dirname, '..', '..', 'ops');

const dashboard = z.object({
  uid: z.string(),
  title: z.string(),
  panels: z.array(
    z.object({
      id: z.number(),
      title: z.string(),
      datasource: z.object({ uid: z.string() }),
      gridPos: z.object({ x: z.number(), y: z.number(), w: z.number(), h: z.number() }),
      targets: z.array(z.object({ expr: z.string(), legendFormat: z.string() })).min(1),
    }),
  ),
});
const files = readdirSync(join(ops, 'grafana/dashboards')).filter((file) => file.endsWith('.json'));
const dashboards = files.map((file) =>
  dashboard.parse(JSON.parse(readFileSync(join(ops, 'grafana/dashboards', file), 'utf8'))),
);

const rule = z.object({
  alert: z.string(),
  expr: z.string(),
  for: z.string().optional(),
  labels: z.object({ severity: z.enum(['critical', 'warning', 'info']) }),
  annotations: z.object({ summary: z.string(), description: z.string() }),
});
const { groups } = z
  .object({ groups: z.array(z.object({ rules: z.array(rule) })) })
  .parse(parse(readFileSync(join(ops, 'prometheus/alerts.yml'), 'utf8')));
const alerts = groups.flatMap(({ rules }) => rules);

/** Everything that somebody may look at: an expression, and the labels that what is shown of it names. */
const shown = [
  ...dashboards.flatMap(({ title, panels }) =>
    panels.flatMap((panel) =>
      panel.targets.map(({ expr, legendFormat }) => ({
        where: `${title} / ${panel.title}`,
        expr,
        named: [...legendFormat.matchAll(/\{\{\s*(\w+)\s*\}\}/g)].map(([, label = '']) => label),
      })),
    ),
  ),
  ...alerts.map(({ alert, expr, annotations }) => ({
    where: alert,
    expr,
    named: [...JSON.stringify(annotations).matchAll(/\$labels\.(\w+)/g)].map(([, label = '']) => label),
  })),
];

/** What Prometheus adds to each sample that it takes. */
const added = ['job', 'instance'];

/** What a metric's series have as labels, by the names that are written in expressions; nothing for a name that is not exported. */
const exportedLabels = (text: string): ReadonlyMap<string, readonly string[]> => {
  const { types, samples } = exposed(text);
  const declared = familiesOf(openInstruments()).map(({ name, labels }) => [name, labels] as const);
  const labels = new Map<string, readonly string[]>(declared);
  for (const { name, labels: of } of samples) {
    const family = name.replace(/_(bucket|count|sum)$/, '');
    const key = types.get(family) === 'histogram' ? family : name;
    labels.set(key, [...new Set([...(labels.get(key) ?? []), ...Object.keys(of).filter((label) => label !== 'le')])]);
  }
  const names = [...types].flatMap(([name, type]): [string, readonly string[]][] => {
    const own = [...(labels.get(name) ?? []), ...added];
    if (type !== 'histogram') return [[name, own]];
    return [
      [`${name}_bucket`, [...own, 'le']],
      [`${name}_count`, own],
      [`${name}_sum`, own],
    ];
  });
  return new Map([...names, ['up', added]]);
};

const problemsOf = ({ expr, named }: (typeof shown)[number], known: ReturnType<typeof exportedLabels>) => {
  const { metrics, grouped } = asked(expr);
  if (metrics.length === 0) return ['asks for nothing'];
  return metrics.flatMap(({ name, labels }) => {
    const has = known.get(name);
    if (has === undefined) return [`${name} is not exported`];
    const wanted = [...labels, ...grouped, ...named];
    return [...new Set(wanted)].filter((label) => !has.includes(label)).map((label) => `${name} has no label ${label}`);
  });
};

/** How long the instrumentation of the runtime may take to be loaded, in ms. */
const patient = { timeout: 30_000 };

const app = appOfFile();

describe('dashboards and alerts', () => {
  it('ask only for what the service exports', async () => {
    const project = await app().project();
    await project.send({ eventType: 'contract_signed', email: 'ada@example.com' });
    await app().settled();
    const text = async () => mustBe(await app().root('GET', '/metrics'), 200).text;
    // Of the event loop it is told when it has been looked at a few times.
    await expect.poll(text, patient).toContain('nodejs_eventloop_delay_p99{thread="projecting"}');
    const known = exportedLabels(await text());
    const wrong = shown.flatMap((one) => problemsOf(one, known).map((problem) => `${one.where}: ${problem}`));
    expect(wrong).toEqual([]);
    expect(shown.length).toBeGreaterThan(40);

    // What is wrong would be found.
    const problems = (expr: string, ...named: string[]) => problemsOf({ where: '', expr, named }, known);
    expect(problems('sum(rate(leads_proccessed_total[5m]))')).toEqual(['leads_proccessed_total is not exported']);
    expect(problems('rate(http_request_duration_seconds[5m])')).toHaveLength(1);
    expect(problems('sum by (lead) (leads_processed_total)')).toEqual(['leads_processed_total has no label lead']);
    expect(problems('leadfold_commands_total{name="x"}')).toEqual(['leadfold_commands_total has no label name']);
    expect(problems('leadfold_commands_total', 'route')).toEqual(['leadfold_commands_total has no label route']);
  });

  it('name types of facts that exist', () => {
    const types = shown.flatMap(({ expr }) =>
      [...expr.matchAll(/\btype=~?"([^"]+)"/g)].flatMap(([, value = '']) => {
        const [, prefix = '', list = ''] = /^(\w+)\((.*)\)$/.exec(value) ?? ['', '', value];
        return list.split('|').map((type) => `${prefix}${type}`);
      }),
    );
    expect(types).toContain('LeadCaptured');
    expect([...new Set(types)].filter((type) => !(type in eventSchemas))).toEqual([]);
  });

  it('can be told apart, and lie next to each other', () => {
    expect(new Set(dashboards.map(({ uid }) => uid)).size).toBe(dashboards.length);
    expect(dashboards.map(({ title }) => title)).toEqual(files.map((file) => `Leadfold: ${file.replace('.json', '')}`));
    for (const { panels } of dashboards) {
      expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
      const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
        Array.from({ length: w * h }, (_, n) => `${x + (n % w)},${y + Math.floor(n / w)}`),
      );
      expect(new Set(cells).size).toBe(cells.length);
      expect(panels.every(({ gridPos: { x, w } }) => x + w <= 24)).toBe(true);
    }
    expect(new Set(alerts.map(({ alert }) => alert)).size).toBe(alerts.length);
  });
});

describe('reading an expression', () => {
  it('finds metrics with the labels that select and group them', () => {
    const expression =
      'histogram_quantile(0.95, sum by (le, a) (rate(x_bucket{b=~"c|d", e!=""}[5m]))) > 2 and up or vector(0)';
    expect(asked(expression)).toEqual({
      metrics: [
        { name: 'x_bucket', labels: ['b', 'e'] },
        { name: 'up', labels: [] },
      ],
      grouped: ['le', 'a'],
    });
  });
});
