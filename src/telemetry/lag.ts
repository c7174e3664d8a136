import type { SubscriptionStatus } from '../runners/subscription.ts';
import type { Family } from './measures.ts';
import { gauge } from './measures.ts';

/** So many looks are remembered; of more, the older half gets coarser. */
const mostLooks = 1_000;

/** When the log's end was seen there for the first and for the last time. */
type Look = { readonly at: number; readonly until: number; readonly head: number };

/** Remembers when the log was how long, and so since when a position has been behind. */
export const rememberHeads = (now: () => number = () => performance.now()) => {
  let looks: readonly Look[] = [];
  return {
    /** Where the log ended `at` a time, before it was asked for. */
    note: (head: number, at: number = now()): void => {
      const last = looks.at(-1);
      if (last?.head === head) {
        looks = [...looks.slice(0, -1), { ...last, until: at }];
        return;
      }
      looks = [...looks, { at, until: at, head }];
      if (looks.length > mostLooks) looks = looks.filter((_, index) => index % 2 === 0 || index >= mostLooks / 2);
    },
    /** For how many seconds there has been something after a position; 0 when there is nothing. */
    behind: (position: number): number => {
      const first = looks.find(({ head }) => head > position);
      return first === undefined ? 0 : Math.max(0, now() - first.at) / 1_000;
    },
    /** The last time at which there was nothing after a position; undefined when there always was. */
    nothingAfter: (position: number): number | undefined => looks.findLast(({ head }) => head <= position)?.until,
  };
};
export type Heads = ReturnType<typeof rememberHeads>;

/** Where the log ends now, and when it was how long. */
export type End = { readonly head: number; readonly heads: Heads; readonly now: Date };

/** For how many seconds a subscription has been behind: by what it has in hand, and by how long the log has been longer. */
const behindBy = ({ position, inHand }: SubscriptionStatus, { head, heads, now }: End): number => {
  if (position >= head) return 0;
  const since = inHand === undefined ? 0 : (now.getTime() - inHand.getTime()) / 1_000;
  return Math.max(heads.behind(position), since);
};

type Kind = 'projection' | 'reactor';

/** How far subscriptions that this process runs are behind the end of the log, and whether they go on. */
export const lagFamilies = (
  kind: Kind,
  statuses: readonly SubscriptionStatus[],
  end: End | undefined,
): readonly Family[] => {
  // Who stands by does not know exactly how far the one is that does the work.
  const running = statuses.filter(({ state }) => state !== 'standby');
  const lag = end === undefined ? [] : running.map((status) => ({ status, name: status.name, end }));
  const stalled = running.map(({ name, state }) => [['stalled', 'lost-tail'].includes(state) ? 1 : 0, name] as const);
  const events = lag.map((one) => [Math.max(0, one.end.head - one.status.position), one.name] as const);
  const seconds = lag.map((one) => [behindBy(one.status, one.end), one.name] as const);
  const label = [kind];
  return [
    gauge(`leadfold_${kind}_lag_events`, `Positions between a ${kind} and the end of the log`, label, events),
    gauge(
      `leadfold_${kind}_lag_seconds`,
      `How long there has been something that a ${kind} has not handled`,
      label,
      seconds,
    ),
    gauge(`leadfold_${kind}_stalled`, `1 while a ${kind} can not go on`, label, stalled),
  ];
};
