import type { Told } from '../../domain/deliveries/told.ts';

type Data = Told['data'];
type Value = Data[string];

/** What is said of each type, behind the lead's name. */
const sayings: Readonly<Record<Told['type'], string>> = {
  'lead.captured': 'is known by something new',
  'lead.scored': 'has another score',
  'lead.stage_changed': 'is in another stage',
  'lead.qualified': 'is qualified',
  'lead.merged': 'took over another lead',
  'lead.unmerged': 'is two leads again',
  'lead.assigned': 'has a rep',
  'lead.accepted': 'was accepted',
  'lead.routing_failed': 'could not be given to a rep',
  'lead.response_overdue': 'waits too long for a reply',
  'lead.closed': 'is closed',
  'lead.erased': 'was erased',
  'work_item.opened': 'needs to be seen to',
  'quota.reached': 'comes near its limit',
  'endpoint.test': 'This is a test: messages arrive here.',
};

/** How many characters of a value, and how many reasons, are in a message. Slack takes 3,000 characters a text. */
const most = { characters: 150, reasons: 8 } as const;

/** A text as Slack shows it, and takes nothing in it for a mention, a link or a style. */
const plain = (value: string): string => {
  const line = value.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}*_~`]+/gu, ' ').trim();
  const short = line.length > most.characters ? `${line.slice(0, most.characters).toWellFormed()}…` : line;
  return short.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
};

const textOf = (value: Value | undefined): string => {
  if (typeof value === 'string') return plain(value);
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : '';
};

const membersOf = (value: Value | undefined): Readonly<Record<string, Value>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {};

const listOf = (value: Value | undefined): readonly Value[] => (Array.isArray(value) ? value : []);

/** Who a lead is: the name and the company it gave, or its address, or its id. */
const nameOf = (data: Data): string => {
  const profile = membersOf(data['profile']);
  const full = [profile['firstName'], profile['lastName']].map(textOf).join(' ').trim();
  const identifiers = listOf(data['identifiers']).map(membersOf);
  const email = identifiers.find(({ kind }) => kind === 'email')?.['value'];
  const names = [textOf(profile['name']), full, textOf(email), textOf(profile['email']), textOf(data['leadId'])];
  const name = names.find((each) => each !== '') ?? '';
  const company = textOf(profile['company']);
  return [name, company].filter((each) => each !== '').join(', ');
};

const pointsOf = (value: Value | undefined): string =>
  typeof value === 'number' && value > 0 ? `+${value}` : textOf(value);

/** Why: the rules that made the points, or what routing says of its choice. */
const reasonsOf = (data: Data): string => {
  const rules = [...listOf(data['factors']), ...listOf(data['because'])].map(membersOf);
  const lines = rules.map(({ rule, points }) => `${textOf(rule)} ${pointsOf(points)}`.trim());
  const told = lines.length > 0 ? lines : [data['because'], data['reason']].map(textOf);
  const reasons = told.filter((each) => each !== '');
  const more = reasons.length - most.reasons;
  return `${reasons.slice(0, most.reasons).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
};

const changeOf = (from: Value | undefined, to: Value | undefined): string =>
  typeof from === 'string' && typeof to === 'string' ? `${textOf(from)} → ${textOf(to)}` : '';

const scoreOf = ({ score, delta }: Data): string => {
  const change = pointsOf(delta);
  return change === '' ? textOf(score) : `${textOf(score)} (${change})`;
};

/** What is worth a place of its own in a message, in this order. */
const fieldsOf = (data: Data): readonly (readonly [string, string])[] => [
  ['Score', scoreOf(data)],
  ['Stage', changeOf(data['from'], data['to']) || textOf(data['stage'])],
  ['Rep', textOf(data['repId'])],
  ['Team', textOf(data['teamId'])],
  ['Outcome', textOf(data['outcome'])],
  ['Due', textOf(data['dueAt'])],
  ['Work', textOf(data['kind'])],
  ['Of', textOf(data['resource'])],
  ['Used', data['percent'] === undefined ? '' : `${textOf(data['percent'])} %`],
];

// `verbatim` keeps Slack from making links and mentions of what looks like some.
const markdown = (text: string) => ({ type: 'mrkdwn', text, verbatim: true });

/** What is told as a message for an incoming webhook of Slack. */
export const slackMessage = ({ type, timestamp, data }: Told): object => {
  const about = nameOf(data) || textOf(data['workId']) || plain('The project');
  const title = type === 'endpoint.test' ? sayings[type] : `*${about}* ${sayings[type]}`;
  const fields = fieldsOf(data).flatMap(([label, text]) => (text === '' ? [] : [markdown(`*${label}*\n${text}`)]));
  const reasons = reasonsOf(data);
  return {
    text: title.replaceAll('*', ''),
    blocks: [
      { type: 'section', text: markdown(title), ...(fields.length > 0 && { fields }) },
      ...(reasons === '' ? [] : [{ type: 'section', text: markdown(`*Because* ${reasons}`) }]),
      { type: 'context', elements: [markdown([type, textOf(data['leadId']), timestamp].filter(Boolean).join(' · '))] },
    ],
  };
};
