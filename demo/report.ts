import type { Check } from './checks.ts';
import type { Contribution, Entry, Findings, Lead, Portrait, Standing } from './findings.ts';
import { wayNames, ways } from './activity.ts';
import type { Story } from './story.ts';
import { bold, cyan, dim, green, grouped, red, signed, table } from './table.ts';
import type { Tally } from './tally.ts';

const whoIs = ({ profile, identifiers }: Lead): string =>
  [profile.name ?? identifiers[0]?.value ?? 'unknown', profile.company ?? []].flat().join(', ');

const share = (value: number): string => `${Math.round(value * 100)} %`;

const standingLines = ({ project, leaders, dashboard }: Standing): readonly string[] => {
  const { totals, stages, qualified, conversion } = dashboard;
  const inStages = Object.entries(stages).map(([name, count]) => `${name} ${count}`);
  const head = ['#', 'who', 'score', 'stage', 'risk', 'next action'].map(dim);
  const rows = leaders.map((each) => [
    ...[String(each.rank), whoIs(each), bold(String(each.score)), each.stage, each.risk, each.nextAction],
  ]);
  return [
    `${bold(project.name)}  ${totals.leads} leads by ${grouped(totals.activities)} activities: ${inStages.join(', ')}`,
    `  ${qualified} qualified (${share(conversion)}), ${totals.qualifications} crossings; ${totals.merged} leads merged`,
    ...table([head, ...rows], 'rlrlll'),
  ];
};

const reasons: Readonly<Record<string, string>> = {
  fit: 'who it is',
  limit: 'beyond the limit',
  decay: 'faded',
  group_cap: 'beyond the cap',
  floor: 'up to the floor',
  cap: 'beyond the cap',
};

/** Contributions of one rule share a line: how many there are, and what they bring. */
const contributionLines = (contributions: readonly Contribution[]): readonly string[] => {
  const kinds = Map.groupBy(contributions, ({ rule, kind }) => JSON.stringify([rule, reasons[kind] ?? '']));
  const rows = [...kinds.values()].map((lines) => {
    const points = lines.reduce((total, line) => total + Math.round(line.points * 100), 0) / 100;
    const times = lines.reduce((total, { count }) => total + (count ?? 1), 0);
    const [{ rule, kind }] = [lines[0] ?? { rule: '', kind: '' }];
    const counted = kind === 'activity' || kind === 'activities' || kind === 'limit' || kind === 'decay';
    return { points, cells: [rule, reasons[kind] ?? '', counted ? `${times} ×` : '', signed(points)] };
  });
  const total = rows.reduce((sum, { points }) => sum + Math.round(points * 100), 0) / 100;
  const last = [bold('sum'), '', '', bold(String(total))];
  return table([...rows.map(({ cells }) => cells), last], 'llrr');
};

const entryCells = ({ occurredAt, eventType, source, delta, score }: Entry): readonly string[] => [
  ...[occurredAt.slice(0, 16).replace('T', ' '), eventType, dim(source), signed(delta), `${score}`],
];

const portraitLines = ({ lead, explanation, first, last }: Portrait): readonly string[] => {
  const head = ['occurred (UTC)', 'what', 'by', 'brought', 'score then'].map(dim);
  const gap = ['…', '', '', '', ''];
  return [
    `${bold(`Why ${whoIs(lead)} has ${explanation.score} points`)}  ${dim(`rules of its project, lead ${lead.leadId}`)}`,
    ...contributionLines(explanation.contributions),
    `${bold('What happened')}  ${dim('in the order in which it occurred, whenever it arrived')}`,
    ...table([head, ...first.map(entryCells), gap, ...last.map(entryCells)], 'lllrr'),
  ];
};

const mergedText = ({ standings, merged }: Findings): string => {
  const count = standings.reduce((total, { dashboard }) => total + dashboard.totals.merged, 0);
  if (!merged) return String(count);
  const { lead, from } = merged;
  return `${count} leads into another one, such as ${from.slice(0, 8)} into ${lead.leadId.slice(0, 8)} (${whoIs(lead)}); old ids lead on`;
};

const straightLines = (story: Story, tally: Tally, findings: Findings): readonly string[] => {
  const again = `${tally.count('duplicate')} events came again and count once; ${tally.conflicts()} of them with another content (conflict)`;
  const rows = [
    ['duplicates', again],
    ['late', `${story.late} events arrived days after they occurred, and stand where they belong`],
    ['merged', mergedText(findings)],
    ...tally.refused().map((detail) => ['refused link', detail]),
    ...tally.rejected().map(({ pointer, detail }) => ['rejected', `${pointer}: ${detail}`]),
  ];
  return [bold('Kept straight'), ...table(rows, 'll')];
};

/** What the demo shows at the end. */
export const reportOf = (story: Story, tally: Tally, findings: Findings): readonly string[] => {
  const by = wayNames.map((way) => `${ways[way]} ${grouped(tally.by(way))}`);
  return [
    `Sent by ${by.join(', ')}`,
    ...findings.standings.flatMap((standing) => ['', ...standingLines(standing)]),
    ...['', ...portraitLines(findings.portrait)],
    ...['', ...straightLines(story, tally, findings)],
  ];
};

/** What was checked. What holds shares a line; of what doesn't, the numbers are told. */
export const checkLines = (checks: readonly Check[]): readonly string[] => {
  const broken = checks.filter(({ holds }) => !holds);
  const marks = `${checks.length - broken.length} of ${checks.length} checks hold`;
  const lines = broken.map(({ claim, found }) => red(`  ✗ ${claim}: ${found}`));
  if (broken.length > 0) return [red(marks), ...lines];
  return [green(`✓ ${marks}`), ...checks.map(({ claim, found }) => `  ${claim} ${dim(`(${found})`)}`)];
};

/** How to go on from here. */
export const nextLines = ({ standings: [first], portrait }: Findings, bloomKey: string): readonly string[] => {
  if (!first) return [];
  const { url, key } = first.project;
  return [
    `${bold('Go on')}  ${cyan(`${url}/docs`)}`,
    `  curl -s "${url}/api/leads?stage=hot&limit=5" -H "Authorization: Bearer ${key}"`,
    `  curl -s "${url}/api/leads/${portrait.lead.leadId}/events" -H "Authorization: Bearer ${bloomKey}"`,
  ];
};
