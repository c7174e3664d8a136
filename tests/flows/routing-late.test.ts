import { expect, it } from 'vitest';
import { closeLead } from '../../src/commands/routing/close-lead.ts';
import { reopenLead } from '../../src/commands/routing/reopen-lead.ts';
import { assignByHand } from '../../src/flows/route-lead.ts';
import { engineOver, openWith, request } from '../support/engine.ts';
import { projectId, standard } from '../support/facts.ts';
import { owners, qualify, react, routingWrongs, withReps } from '../support/routing.ts';

it.each([
  ['somebody had', true],
  ['nobody had yet', false],
])(
  'A lead that %s stays with whom it is given to after it was closed and reopened, however late that is followed',
  async (_, had) => {
    const store = await openWith(standard);
    const engine = engineOver(store);
    await withReps(engine, [{}, { repId: 'bob' }]);
    const leadId = await qualify(engine, 'u1');
    const of = { projectId, leadId };
    if (had) await react(engine, store);
    await engine.handle(closeLead, { ...of, outcome: 'lost', reason: '' }, request('close'));
    await engine.handle(reopenLead, { ...of, reason: '' }, request('reopen'));
    await assignByHand(engine, { ...of, repId: 'bob', reason: 'Asked' }, request('hand'));
    await react(engine, store);
    await react(engineOver(store), store);
    expect(await owners(engine, [leadId])).toEqual(['bob']);
    expect(await routingWrongs(store)).toEqual([]);
    await store.close();
  },
);
