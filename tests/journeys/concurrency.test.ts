import { expect, it } from 'vitest';
import { numbersFrom } from '../support/answers.ts';
import { appOfFile, tickingClock } from '../support/app.ts';
import type { Answer, Json } from '../support/client.ts';

const app = appOfFile(tickingClock());
const clients = 50;
const requestsEach = 4;
const people = 10;

const pointsOf: Readonly<Record<string, number>> = { page_view: 5, signup: 30, download: 15, email_open: 10 };
const types = Object.keys(pointsOf);

/** A person's activity. Its type follows from its number, so that whoever sends it says the same. */
const activity = (person: number, number: number) => ({
  eventId: `p${person}-${number}`,
  eventType: types[number % types.length],
  timestamp: '2026-03-10T11:00:00Z',
  properties: { number },
});

/** A person by some of their identifiers: two cookies, two addresses and a user id, which only together are one. */
const known = (person: number, number: number): Readonly<Record<string, string>> => {
  const [cookie, second] = [`cookie-${person}`, `phone-${person}`];
  const [mail, work] = [`p${person}@example.com`, `p${person}@work.example.com`];
  const ways = [
    ...[{ anonymousId: cookie }, { anonymousId: second }, { email: mail }, { userId: `user-${person}` }],
    ...[{ email: work, anonymousId: second }, { email: mail, anonymousId: cookie }, { email: work }],
    ...[
      { userId: `user-${person}`, anonymousId: cookie },
      { userId: `user-${person}`, email: work, anonymousId: second },
    ],
  ];
  return { ...ways[number % ways.length] };
};

it('Fifty clients that send overlapping activities of ten people leave ten leads with each activity once', async () => {
  const project = await app().project();
  const accepted: string[] = [];
  const note = ({ status, eventId }: Json): void => {
    if (status === 'queued') accepted.push(eventId);
  };
  const failures: Answer[] = [];
  const sent = new Set<string>();

  const client = async (seed: number): Promise<void> => {
    const below = numbersFrom(seed);
    const one = () => {
      const person = below(people);
      const event = activity(person, below(24));
      sent.add(event.eventId);
      return { ...known(person, below(9)), ...event };
    };
    for (let at = 0; at < requestsEach; at++) {
      const many = below(3) === 0;
      const answer = many ? await project.batch(Array.from({ length: 1 + below(8) }, one)) : await project.send(one());
      if (answer.status >= 300) failures.push(answer);
      else if (many) answer.body.results.forEach(note);
      else note(answer.body);
    }
  };
  await Promise.all(Array.from({ length: clients }, (_, seed) => client(seed + 1)));
  // Ways that nobody happened to send, so that all of a person's identifiers are one in the end.
  for (let person = 0; person < people; person++) {
    for (let way = 0; way < 9; way++) {
      const event = { ...known(person, way), ...activity(person, way) };
      sent.add(event.eventId);
      note((await project.send(event)).body);
    }
  }
  expect(failures).toEqual([]);
  expect(sent.size).toBeGreaterThan(150);

  await app().settled();
  const leads = await project.all('/api/leads?limit=200');
  expect(leads).toHaveLength(people);
  const inHistory: string[] = [];
  for (const { leadId, score, activities, identifiers } of leads) {
    const timeline = await project.all(`/api/leads/${leadId}/timeline?limit=200`);
    const ids = timeline.map(({ eventId }) => eventId);
    expect(new Set(ids).size).toBe(ids.length);
    expect(identifiers).toHaveLength(5);
    const worth = timeline.reduce((sum, { eventType }) => sum + (pointsOf[eventType] ?? 0), 0);
    const explanation = await project.get(`/api/leads/${leadId}/score`);
    expect({ score, explanationScore: explanation.score, activities }).toEqual({
      score: worth,
      explanationScore: worth,
      activities: ids.length,
    });

    const facts = await project.all(`/api/leads/${leadId}/events?limit=200`);
    const recorded = facts.flatMap(({ type, data }) =>
      type === 'ActivityRecorded'
        ? [data.eventId]
        : type === 'LeadAbsorbed'
          ? data.activities.map((a: Json) => a.eventId)
          : [],
    );
    expect(recorded.toSorted()).toEqual(ids.toSorted());
    inHistory.push(...ids);
  }
  // Every activity is somewhere, once, and whatever was accepted is there.
  expect(inHistory.toSorted()).toEqual([...sent].sort());
  expect([...sent].filter((eventId) => !accepted.includes(eventId))).toEqual([]);
  const { totals, stages } = await project.get('/api/analytics/dashboard');
  expect(totals.leads).toBe(people);
  expect(Object.values<number>(stages).reduce((sum, each) => sum + each)).toBe(people);
});
