import type { Case } from '../case.ts';
import { must, mustEqual } from '../case.ts';
import type { Lead } from '../checks.ts';
import { mustBeWhole } from '../checks.ts';
import { openLedger } from '../ledger.ts';
import type { Sent } from '../project.ts';
import { inParallel } from '../traffic.ts';

const kinds = ['userId', 'email', 'anonymousId'] as const;
type Kind = (typeof kinds)[number];

/** What each person does: alone by each identifier, and then linked by pairs, which merges what the first have made. */
const steps: readonly (readonly Kind[])[] = [
  ...kinds.map((kind) => [kind]),
  ['userId', 'anonymousId'],
  ['email', 'anonymousId'],
  ['userId', 'email'],
  ...kinds.map((kind) => [kind]),
];

const eventOf = (person: number, step: number, who: readonly Kind[]): Sent => {
  const known = { userId: `user-${person}`, email: `p${person}@example.com`, anonymousId: `cookie-${person}` };
  return {
    ...Object.fromEntries(who.map((kind) => [kind, known[kind]])),
    eventId: `${person}-${step}`,
    eventType: 'page_view',
  };
};

const kindsOf = ({ identifiers }: Lead): readonly string[] => identifiers.map(({ kind }) => kind).toSorted();

/** People become known while they act. */
export const mergeUnderLoad: Case = {
  name: 'merge-under-load',
  about: 'everything that many people do by three identifiers comes at once, and links them',
  criterion: 'each person is one lead with all three identifiers and all activities',
  run: async ({ server: start, many }) => {
    const server = await start();
    const project = await server.project();
    const ledger = openLedger();
    const people = many(150);
    // The steps of one person are next to each other, so that clients meet at the same leads.
    const events = Array.from({ length: people }, (_, person) => steps.map((who, step) => eventOf(person, step, who)));
    await inParallel(24, events.flat(), (event) => ledger.through([event], () => project.send(event)));
    const begun = performance.now();
    await server.settled();
    const recovery = performance.now() - begun;

    const shown = await mustBeWhole(server, project, ledger);
    mustEqual(shown.size, people, 'Leads');
    for (const { lead } of shown.values()) {
      mustEqual([lead.activities, kindsOf(lead)], [steps.length, kinds.toSorted()], `Lead ${lead.leadId}`);
    }
    const merges = server.files.facts(['LeadAbsorbed']).length;
    must(merges > 0, 'Nothing was merged: no two clients met');
    return { recovery, found: `${events.flat().length} activities of ${people} people, ${merges} merges` };
  },
};
