import { describe, expect, it, onTestFinished } from 'vitest';
import { mindResponse } from '../../src/commands/routing/mind-response.ts';
import { lapseWorkItem } from '../../src/commands/work/lapse-work-item.ts';
import type { AnyDeadline, Due } from '../../src/deadlines/deadline.ts';
import { endClaims } from '../../src/deadlines/end-claims.ts';
import { deadlines } from '../../src/deadlines/index.ts';
import { mindReplies } from '../../src/deadlines/mind-replies.ts';
import { tryWaiting } from '../../src/deadlines/try-waiting.ts';
import { flowIntent, intent } from '../../src/flows/intent.ts';
import { retryAllWaiting } from '../../src/flows/route-lead.ts';
import type { LeadfoldEvent } from '../../src/domain/events.ts';
import { openSqliteReadModels } from '../../src/readmodels/sqlite/read-models.ts';
import { runProjections } from '../../src/runners/projections.ts';
import { openLog } from '../support/engine.ts';
import {
  leadAssigned,
  leadCaptured,
  leadHeld,
  leadId,
  projectId,
  responseDue,
  responseStepTaken,
  workItemClaimed,
  workItemOpened,
  workItemReleased,
} from '../support/facts.ts';
import { noon } from '../support/noon.ts';

const minutesLater = (minutes: number): Date => new Date(noon.getTime() + minutes * 60_000);

/** What a deadline finds due at a time, when these facts are projected. */
const given = async (log: Readonly<Record<string, readonly LeadfoldEvent[]>>) => {
  const [store, readModels] = [openLog(), openSqliteReadModels(':memory:')];
  const projecting = await runProjections({ store, readModels, now: () => noon });
  onTestFinished(async () => {
    await projecting.stop();
    await readModels.close();
    await store.close();
  });
  const metadata = { commandId: 'c', correlationId: 'c', causationId: 'c' };
  for (const [stream, facts] of Object.entries(log))
    await store.append(
      stream,
      -1,
      facts.map((fact, at) => ({ ...fact, id: `${stream}-${at}`, metadata })),
    );
  await projecting.reached(await store.head());
  return async ({ due }: AnyDeadline, at: Date) => {
    const found: Due[] = [];
    for await (const some of due(readModels, at)) found.push(...some);
    return found;
  };
};

const assigned = [leadCaptured(), leadAssigned(), responseDue()];
const leadStream = `lead-${projectId}.${leadId}`;

describe('What is due', () => {
  it('is a reply, from when it is at risk on', async () => {
    const due = await given({ [leadStream]: assigned });
    const wanted = intent(mindResponse, { projectId, leadId, decision: 1, taken: 0 });
    expect(await due(mindReplies, minutesLater(23))).toEqual([]);
    expect(await due(mindReplies, minutesLater(24))).toEqual([{ intent: wanted, position: 0 }]);
  });

  it('is the next step after the search for another rep only when that was followed', async () => {
    const steps = [
      { at: minutesLater(30).toISOString(), action: 're-route' as const },
      { at: minutesLater(45).toISOString(), action: 'escalate' as const },
    ];
    const looked = [leadCaptured(), leadAssigned(), responseDue({ steps }), responseStepTaken({ action: 're-route' })];
    const due = await given({ [leadStream]: looked });
    const wanted = intent(mindResponse, { projectId, leadId, decision: 1, taken: 1 });
    expect(await due(mindReplies, minutesLater(60))).toEqual([{ intent: wanted, position: 4 }]);
    expect(mindReplies.after?.name).toBe('route-leads');
  });

  it('is the end of a claim, unless the item was given back', async () => {
    const opened = (workId: string) => [workItemOpened({ workId }), workItemClaimed()];
    const due = await given({
      [`work-${projectId}.w1`]: opened('w1'),
      [`work-${projectId}.w2`]: [...opened('w2'), workItemReleased()],
    });
    expect(await due(endClaims, minutesLater(14))).toEqual([]);
    expect(await due(endClaims, minutesLater(15))).toEqual([
      { intent: intent(lapseWorkItem, { projectId, workId: 'w1' }), position: 0 },
    ]);
  });

  it('is every few seconds to try the leads that wait, once for each project', async () => {
    const due = await given({
      'pool-a': [leadHeld(), leadHeld({ leadId: 'l2' })],
      'pool-b': [leadHeld()],
    });
    const wanted = ['a', 'b'].map((id) => ({ intent: flowIntent(retryAllWaiting, { projectId: id }), position: 0 }));
    expect(await due(tryWaiting, noon)).toEqual(wanted);
    expect(tryWaiting.every).toBe(5_000);
  });
});

it('Each deadline has a name of its own', () => {
  expect(new Set(deadlines.map(({ name }) => name)).size).toBe(deadlines.length);
});
