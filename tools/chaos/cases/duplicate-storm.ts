import type { Case } from '../case.ts';
import { mustEqual } from '../case.ts';
import { mustBeWhole } from '../checks.ts';
import { openLedger } from '../ledger.ts';
import type { Sent } from '../project.ts';
import { activity, clients } from '../traffic.ts';

const senders = 16;

/** Each sender sends all activities, beginning at another place; some of them one by one. */
const storm = async (events: readonly Sent[], through: (events: readonly Sent[]) => Promise<void>): Promise<void> => {
  await clients(senders, async (index) => {
    const from = Math.floor((index * events.length) / senders);
    const turned = [...events.slice(from), ...events.slice(0, from)];
    const size = index % 4 === 0 ? 1 : 20;
    for (let at = 0; at < turned.length; at += size) await through(turned.slice(at, at + size));
  });
};

/** The same activities many times. */
export const duplicateStorm: Case = {
  name: 'duplicate-storm',
  about: `${senders} senders send the same activities at once, before and after a kill`,
  criterion: 'each activity is counted once, and answered as new once',
  run: async ({ server: start, many }) => {
    const server = await start();
    const project = await server.project();
    const ledger = openLedger();
    const events = Array.from({ length: many(400) }, (_, n) => activity(n, many(100)));
    let accepted = 0;
    const send = async (some: readonly Sent[]): Promise<void> => {
      const [only] = some;
      const one = async (event: Sent) => ((await project.send(event)).status === 'queued' ? 1 : 0);
      const taken = some.length === 1 && only ? await one(only) : (await project.batch(some)).accepted;
      accepted += taken;
    };
    const through = (some: readonly Sent[]): Promise<void> => ledger.through(some, send);
    await storm(events, through);
    await server.kill();
    const recovery = await server.recover();
    await storm(events, through);
    await server.settled();

    mustEqual(accepted, events.length, 'Activities that were answered as new');
    const shown = await mustBeWhole(server, project, ledger);
    return { recovery, found: `${events.length} activities of ${shown.size} leads, each sent ${2 * senders} times` };
  },
};
