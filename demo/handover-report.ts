import type { Check } from './checks.ts';
import { same } from './checks.ts';
import type { HandedOver, Handover, RoutedLead } from './handover.ts';
import { bold, dim, table } from './table.ts';

const whoIs = ({ leadId, profile }: RoutedLead): string =>
  [profile.name ?? leadId.slice(0, 8), profile.company ?? []].flat().join(', ');

const handoverLines = ({ project, report: { totals, reps }, assigned, waiting, work }: Handover): readonly string[] => {
  const loads = reps.map(({ name, open, capacity }) => `${name} ${open} of ${capacity ?? '?'}`);
  const [first] = waiting;
  const why = work.find(({ leadId }) => leadId === first?.leadId)?.reason ?? 'nobody knows why';
  const rows = [
    ...assigned.map(({ lead, because }) => [whoIs(lead), `${lead.assignee} (${lead.team})`, dim(because)]),
    ...(first ? [[whoIs(first), `waits with ${waiting.length - 1} more`, dim(why)]] : []),
  ];
  const head = `${totals.qualified} to hand over: ${totals.assigned} have a rep, ${totals.waiting} wait`;
  return [`${bold(`Reps of ${project.name}`)}  ${head}; ${loads.join(', ')}`, ...table(rows, 'lll')];
};

/** Whose the qualified leads are, and which reply was not given. */
export const handoverReport = ({ handovers, unanswered }: HandedOver): readonly string[] => {
  const state = unanswered?.overdue ? 'overdue' : 'open';
  const reply = unanswered && [
    `  ${whoIs(unanswered.lead)}: the reply of ${unanswered.lead.assignee} was due at ${unanswered.dueAt.slice(11, 19)} UTC, and is ${state}`,
  ];
  return [...handovers.flatMap((each) => handoverLines(each)), ...(reply ?? [])];
};

/** What must be so when leads were handed over rightly. */
export const handoverChecks = ({ handovers, unanswered }: HandedOver, waited: boolean): readonly Check[] => {
  const sum = (of: (each: Handover) => number): number => handovers.reduce((total, each) => total + of(each), 0);
  const full = handovers.flatMap(({ report: { reps } }) => reps.filter(({ open, capacity = 0 }) => open > capacity));
  const held = sum(({ report: { totals } }) => totals.assigned + totals.waiting);
  const waiting = sum((each) => each.waiting.length);
  return [
    same(
      'every qualified lead has a rep, or waits',
      sum(({ report: { totals } }) => totals.qualified),
      held,
    ),
    same(
      'every lead that waits has a work item',
      waiting,
      sum(({ work }) => work.length),
    ),
    same('nobody has more leads than room', full.length, 0),
    { claim: 'one lead waits at least', holds: waiting > 0, found: String(waiting) },
    ...(waited ? [same('a reply that nobody gave is overdue', unanswered?.overdue ? 1 : 0, 1)] : []),
  ];
};
